import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { Redis } from 'ioredis'
import { redisServerInstalled, startRedis, until } from '../../test/support/redis-server.ts'
import { type KeyValueStore, KeyValueUnavailable } from './kv.ts'
import { openRedisStore } from './redis.ts'
import type { RedisConfig } from './redis-config.ts'

const HOST = '127.0.0.1'
const MINUTE = { ttlMs: 60_000 }

async function openFor(t: TestContext, config: RedisConfig): Promise<KeyValueStore> {
  const store = await openRedisStore({ config, prefix: 'test:' })
  t.after(() => store.close())
  return store
}

/** Every kind of call, so that none of them has a way around the bound. */
function everyCall(store: KeyValueStore): (() => Promise<unknown>)[] {
  return [
    () => store.get('k'),
    () => store.set('k', 'v', MINUTE),
    () => store.setIfAbsent('k', 'v', MINUTE),
    () => store.compareAndSet('k', { expected: 'v', next: 'w', ttlMs: null }),
    () => store.delete('k'),
    () => store.increment('n', MINUTE),
    () => store.moveMoments('g', [{ key: 'k', byMs: 1 }], { nowMs: 1, aheadMaxMs: 1 }),
    () => store.ping(),
  ]
}

/**
 * All calls at once, so that the first to fail does not spare the others the wait. The middle one of their times
 * counts, since the machine may be busy elsewhere.
 */
async function assertQuicklyUnavailable(store: KeyValueStore): Promise<void> {
  const start = performance.now()
  const times = await Promise.all(
    everyCall(store).map(async (call) => {
      await assert.rejects(call(), KeyValueUnavailable)
      return performance.now() - start
    }),
  )
  const middle = times.toSorted((a, b) => a - b)[3] ?? Number.NaN
  assert.ok(middle < 200, `calls took ${times.map(Math.round)} ms`)
}

const answers = (store: KeyValueStore) => async () => {
  try {
    await store.ping()
    await store.set('again', 'x', MINUTE)
    return (await store.get('again')) === 'x'
  } catch (error) {
    assert.ok(error instanceof KeyValueUnavailable, String(error))
    return false
  }
}

function redisOutageTests(): void {
  test('Redis is killed: calls are refused at once, and work again when it is back', async (t) => {
    const redis = await startRedis(t)
    const store = await openFor(t, { mode: 'single', host: HOST, port: redis.port, db: 0 })
    for (const call of everyCall(store)) await call()
    await redis.kill()
    await assertQuicklyUnavailable(store)
    await redis.start()
    await until(answers(store), { withinMs: 5_000 })
  })

  test('Redis hangs: calls are refused within 200 ms, the connection is given up, and all is well when it wakes', async (t) => {
    const redis = await startRedis(t)
    const store = await openFor(t, { mode: 'single', host: HOST, port: redis.port, db: 0 })
    await store.set('k', 'before', MINUTE)
    redis.freeze()
    await assertQuicklyUnavailable(store)
    // By now the silence is known: nobody waits any more.
    const start = performance.now()
    await until(async () => {
      const callStart = performance.now()
      await assert.rejects(store.get('k'), KeyValueUnavailable)
      return performance.now() - callStart < 50
    })
    assert.ok(performance.now() - start < 5_000)
    redis.thaw()
    await until(answers(store), { withinMs: 5_000 })
  })

  test('opening on a Redis that hangs is refused within seconds and leaves nothing running', async (t) => {
    const redis = await startRedis(t)
    redis.freeze()
    const opening = openRedisStore({ config: { mode: 'single', host: HOST, port: redis.port, db: 0 }, prefix: 'test:' })
    await assert.rejects(opening, /does not get ready/)
  })

  test('a long tick of our own is not taken for a silence of Redis', async (t) => {
    const redis = await startRedis(t)
    const store = await openFor(t, { mode: 'single', host: HOST, port: redis.port, db: 0 })
    await store.set('k', 'v', MINUTE)
    const reading = store.get('k')
    const start = performance.now()
    while (performance.now() - start < 300);
    assert.equal(await reading, 'v')
  })

  test('a lost answer is an outage for its caller and is never asked for twice', async (t) => {
    const redis = await startRedis(t)
    const road = await startRoad(t, redis.port)
    const store = await openFor(t, { mode: 'single', host: HOST, port: road.port, db: 0 })
    assert.equal(await store.increment('n', MINUTE), 1)
    road.loseNextAnswer()
    await assert.rejects(store.increment('n', MINUTE), KeyValueUnavailable)
    await until(answers(store), { withinMs: 5_000 })
    assert.equal(await store.increment('n', MINUTE), 3)
  })

  test('a sentinel leads to the master, and to the new one after a failover', async (t) => {
    const master = await startRedis(t)
    const replica = await startRedis(t, {
      args: ['--replicaof', HOST, String(master.port), '--repl-diskless-sync-delay', '0'],
    })
    const asker = new Redis({ host: HOST, port: replica.port })
    t.after(() => asker.disconnect())
    asker.on('error', () => {})
    await until(async () => (await asker.info('replication')).includes('master_link_status:up'))
    const sentinel = await startRedis(t, {
      sentinelConf: `sentinel monitor main ${HOST} ${master.port} 1\nsentinel down-after-milliseconds main 500\nsentinel failover-timeout main 3000`,
    })
    const sentinels = [{ host: HOST, port: sentinel.port }]
    await assert.rejects(
      openRedisStore({ config: { mode: 'sentinel', sentinels, name: 'other', db: 0 }, prefix: 'test:' }),
      /master "other" .* is not known to them/,
    )
    await sentinelKnowsReplica(t, sentinel.port)
    const store = await openFor(t, { mode: 'sentinel', sentinels, name: 'main', db: 0 })
    await store.set('k', 'v', MINUTE)
    await until(async () => (await asker.get('test:k')) === 'v')
    await master.kill()
    await assertQuicklyUnavailable(store)
    await until(answers(store), { withinMs: 30_000 })
    assert.equal(await store.get('k'), 'v')
  })

  test('a cluster of three serves keys of every slot, and comes back after one is killed and started again', async (t) => {
    const nodes = await startCluster(t)
    const [first, second] = nodes
    assert.ok(first && second)
    const store = await openFor(t, { mode: 'cluster', nodes: [{ host: HOST, port: first.port }] })
    const keys = Array.from({ length: 60 }, (_, n) => `key-${n}`)
    const serveAll = async () => {
      await Promise.all(keys.map((key) => store.set(key, key, MINUTE)))
      assert.deepEqual(await Promise.all(keys.map((key) => store.get(key))), keys)
      const counts = await Promise.all(keys.map((key) => store.increment(`${key}:n`, MINUTE)))
      assert.equal(new Set(counts).size, 1)
      assert.equal(await store.compareAndSet('key-1', { expected: 'key-1', next: 'x', ttlMs: null }), true)
      assert.equal(await store.setIfAbsent('key-1', 'y', MINUTE), false)
    }
    await serveAll()
    await second.kill()
    const during = await Promise.allSettled(keys.map((key) => store.get(key)))
    const lost = during.filter((result) => result.status === 'rejected')
    assert.ok(lost.length > 0 && lost.length < keys.length, `${lost.length} of ${keys.length} keys were lost`)
    for (const { reason } of lost) assert.ok(reason instanceof KeyValueUnavailable, String(reason))
    for (const node of nodes) await node.kill()
    await assertQuicklyUnavailable(store)
    for (const node of nodes) await node.start()
    const everyKeyAnswers = async () => {
      const read = await Promise.allSettled(keys.map((key) => store.set(key, 'x', MINUTE)))
      return read.every(({ status }) => status === 'fulfilled')
    }
    await until(everyKeyAnswers, { withinMs: 30_000 })
    await Promise.all(keys.map((key) => store.delete(`${key}:n`)))
    await serveAll()
  })
}

/** A road to Redis that can swallow an answer and break, after Redis has done the work. */
async function startRoad(t: TestContext, redisPort: number): Promise<{ port: number; loseNextAnswer(): void }> {
  let lose = false
  const ends = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(redisPort, HOST)
    for (const end of [near, far]) {
      ends.add(end)
      end.on('error', () => {})
      end.on('close', () => {
        near.destroy()
        far.destroy()
      })
    }
    near.pipe(far)
    far.on('data', (bytes) => {
      if (lose) near.destroy()
      else near.write(bytes)
      lose = false
    })
  })
  server.listen(0, HOST)
  await once(server, 'listening')
  t.after(() => {
    server.close()
    for (const end of ends) end.destroy()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  return {
    port: address.port,
    loseNextAnswer() {
      lose = true
    },
  }
}

/** Without a replica that it knows, a sentinel has nobody to make the master. */
async function sentinelKnowsReplica(t: TestContext, port: number): Promise<void> {
  const sentinel = new Redis({ host: HOST, port })
  t.after(() => sentinel.disconnect())
  await until(
    async () => {
      const replicas = await sentinel.call('SENTINEL', 'replicas', 'main')
      return JSON.stringify(replicas).includes('"master-link-status","ok"')
    },
    { withinMs: 30_000 },
  )
}

async function startCluster(t: TestContext) {
  const args = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000']
  const nodes = await Promise.all([0, 1, 2].map(() => startRedis(t, { args })))
  const clients = nodes.map(({ port }) => new Redis({ host: HOST, port }))
  const ranges = [
    [0, 5460],
    [5461, 10922],
    [10923, 16383],
  ]
  for (const [n, client] of clients.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', ...(ranges[n] ?? []))
    await client.call('CLUSTER', 'MEET', HOST, nodes[0]?.port ?? 0)
  }
  await until(
    async () => {
      const infos = await Promise.all(clients.map((client) => client.call('CLUSTER', 'INFO')))
      return infos.every((info) => /cluster_state:ok.*cluster_known_nodes:3/s.test(String(info)))
    },
    { withinMs: 30_000 },
  )
  for (const client of clients) await client.quit()
  return nodes
}

if (redisServerInstalled) {
  redisOutageTests()
} else {
  test('REDIS-SERVER IS NOT INSTALLED: no outage, sentinel or cluster is tested', (t) => {
    t.diagnostic('install redis-server to run the tests of outages, Sentinel and Cluster')
  })
}
