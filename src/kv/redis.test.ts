import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Redis } from 'ioredis'
import { redisServerInstalled, startRedis, startRedisOfVersion } from '../../test/support/redis-server.ts'
import { InvariantError } from '../kernel/invariant.ts'
import { KeyValueOpenError } from './open-error.ts'
import { openRedisStore } from './redis.ts'
import type { RedisConfig } from './redis-config.ts'

const HOST = '127.0.0.1'

async function assertRefused(t: TestContext, config: RedisConfig, says: RegExp): Promise<void> {
  const opening = openRedisStore({ config, prefix: 'test:' })
  // Should it open after all, the test must fail and not hang on the connection.
  opening.then((store) => t.after(() => store.close())).catch(() => {})
  await assert.rejects(opening, (error: Error) => {
    assert.ok(error instanceof KeyValueOpenError, String(error))
    assert.match(error.message, says)
    assert.doesNotMatch(error.message, /hunter2/)
    return true
  })
}

function single(port: number, more: object = {}): RedisConfig {
  return { mode: 'single', host: HOST, port, db: 0, ...more }
}

test('a Redis that is too old is refused by name', async (t) => {
  const { port } = await startRedisOfVersion(t, '5.0.14')
  await assertRefused(t, single(port), /^Redis 5\.0 is too old: 6\.2 or newer is needed/)
  const almost = await startRedisOfVersion(t, '6.0.20')
  await assertRefused(t, single(almost.port), /^Redis 6\.0 is too old/)
})

test('the oldest Redis that we promise, and one with two digits, are taken', async (t) => {
  for (const version of ['6.2.0', '10.0.1']) {
    const { port } = await startRedisOfVersion(t, version)
    const store = await openRedisStore({ config: single(port), prefix: 'test:' })
    await store.close()
  }
})

test('a host and a port where nothing is are refused, each with its remedy', async (t) => {
  await assertRefused(t, single(1), /^Redis at 127\.0\.0\.1:1 is not listening: start Redis, or correct/)
  await assertRefused(t, single(1, { host: 'no-such-host.invalid' }), /no-such-host\.invalid:1 can't be found/)
  await assertRefused(
    t,
    { mode: 'cluster', nodes: [{ host: HOST, port: 1 }] },
    /Cluster at 127\.0\.0\.1:1 .*check host/,
  )
  const sentinels = [{ host: HOST, port: 1 }]
  await assertRefused(t, { mode: 'sentinel', sentinels, name: 'main', db: 0 }, /no sentinel answers/)
})

test('a key prefix with braces is a bug of ours: it would take the meaning from hash tags', async () => {
  await assert.rejects(openRedisStore({ config: single(1), prefix: 'a{b}:' }), InvariantError)
})

if (redisServerInstalled) {
  test('a wrong, a missing and a right password get three different answers', async (t) => {
    const { port } = await startRedis(t, { args: ['--requirepass', 'correct horse'] })
    await assertRefused(t, single(port, { password: 'hunter2' }), /refused the password: correct .* REDIS_URL/)
    await assertRefused(t, single(port, { username: 'nobody', password: 'hunter2' }), /refused the password/)
    await assertRefused(t, single(port), /wants a password/)
    const store = await openRedisStore({ config: single(port, { password: 'correct horse' }), prefix: 'test:' })
    await store.ping()
    await store.close()
  })

  test('a database number that does not exist is refused, and not served from database 0', async (t) => {
    const { port } = await startRedis(t, { args: ['--databases', '2'] })
    await assertRefused(t, single(port, { db: 2 }), /has no database 2/)
    const store = await openRedisStore({ config: single(port, { db: 1 }), prefix: 'test:' })
    t.after(() => store.close())
    await store.set('key', 'here', { ttlMs: null })
    const reader = new Redis({ host: HOST, port, db: 1 })
    t.after(() => reader.quit())
    assert.equal(await reader.get('test:key'), 'here')
  })

  test('a single server and a node of a cluster are not taken for each other', async (t) => {
    const alone = await startRedis(t)
    await assertRefused(t, { mode: 'cluster', nodes: [{ host: HOST, port: alone.port }] }, /is not a cluster/)
    const node = await startRedis(t, { args: ['--cluster-enabled', 'yes'] })
    await assertRefused(t, single(node.port), /is a node of a cluster: configure it as a cluster/)
  })

  test('scripts that Redis has forgotten are sent again', async (t) => {
    const { port } = await startRedis(t)
    const store = await openRedisStore({ config: single(port), prefix: 'test:' })
    const operator = new Redis({ host: HOST, port })
    t.after(async () => {
      await store.close()
      await operator.quit()
    })
    assert.equal(await store.increment('count', { ttlMs: 60_000 }), 1)
    assert.equal(await store.increment('count', { ttlMs: 60_000 }), 2)
    await operator.script('FLUSH')
    const counts = await Promise.all([1, 2, 3].map(() => store.increment('count', { ttlMs: 60_000 })))
    assert.deepEqual(counts.toSorted(), [3, 4, 5])
    await operator.script('FLUSH')
    assert.equal(await store.compareAndSet('count', { expected: '5', next: '9', ttlMs: null }), true)
  })
} else {
  test('REDIS-SERVER IS NOT INSTALLED: what needs a server of the test is left out', (t) => {
    t.diagnostic('install redis-server to run the tests of passwords, databases, clusters and scripts')
  })
}
