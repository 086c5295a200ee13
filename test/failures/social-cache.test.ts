import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Redis } from 'ioredis'
import { assertDone } from '../support/answers.ts'
import { type GraphServer, startGraphServer } from '../support/graph-server.ts'
import { FACEBOOK } from '../support/platform-logins.ts'
import { redisServerInstalled, startRedis } from '../support/redis-server.ts'
import { APP_ID, startApp } from '../support/test-app.ts'

const app = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }

/** Whether the servers are there that these tests kill. */
function canRun(): boolean {
  if (redisServerInstalled) return true
  assert.ok(process.env['REQUIRE_ALL'] !== '1', 'REQUIRE_ALL=1 and redis-server is not installed')
  process.stderr.write('LEFT OUT: a cache of social identities that goes away, as redis-server is not installed\n')
  return false
}

/** A Facebook, and an app whose sessions are on one Redis and whose cache is on another port. */
async function startLogins(t: TestContext, ports: { sessions: number; cache: number }) {
  const graph: GraphServer = await startGraphServer(app)
  t.after(() => graph.stop())
  const store = (port: number, db: number) => ({ host: '127.0.0.1', port, db })
  const conf = { forever_new_user: store(ports.sessions, 0), forever_new_fb: store(ports.cache, 1) }
  const service = await startApp({
    env: 'online',
    variables: { REDIS_CONF: JSON.stringify(conf), REDIS_PREFIX: 'test:' },
    logins: { [APP_ID]: { facebook: { ...app, graphUrl: graph.url } } },
  })
  t.after(() => service.close())
  const logIn = async (credential: string) => {
    const token = await service.clientToken()
    const body = { loginType: FACEBOOK, credential }
    return assertDone(await service.call('POST', '/api/v1/login', { token, body }))
  }
  return { graph, logIn }
}

async function keysOf(port: number, db: number): Promise<string[]> {
  const redis = new Redis({ host: '127.0.0.1', port, db })
  try {
    return await redis.keys('*')
  } finally {
    redis.disconnect()
  }
}

test('what Facebook said is kept in the store named forever_new_fb, and nothing else is; no token stands there', async (t) => {
  if (!canRun()) return
  const { port } = await startRedis(t)
  const { graph, logIn } = await startLogins(t, { sessions: port, cache: port })
  graph.issue('EAAkept', { userId: '42' })
  const first = await logIn('EAAkept')
  const calls = graph.calls.length
  assert.equal((await logIn('EAAkept')).uid, first.uid)
  assert.equal(graph.calls.length, calls)
  const [kept = '', ...more] = await keysOf(port, 1)
  assert.match(kept, /^test:facebook:[0-9a-f]{64}$/)
  assert.deepEqual(more, [])
  assert.ok((await keysOf(port, 0)).every((key) => !key.includes('facebook')))
})

test('a cache that dies while the service runs costs a question to Facebook, and no login', async (t) => {
  if (!canRun()) return
  const sessions = await startRedis(t)
  const cache = await startRedis(t)
  const { graph, logIn } = await startLogins(t, { sessions: sessions.port, cache: cache.port })
  graph.issue('EAAkept', { userId: '42' })
  const first = await logIn('EAAkept')
  await cache.kill()
  const calls = graph.calls.length
  assert.equal((await logIn('EAAkept')).uid, first.uid)
  assert.equal(graph.calls.length, calls + 2)
})

test('a service whose cache is not there starts all the same, and keeps it beside the sessions', async (t) => {
  if (!canRun()) return
  const { port } = await startRedis(t)
  const { graph, logIn } = await startLogins(t, { sessions: port, cache: 1 })
  graph.issue('EAAkept', { userId: '42' })
  await logIn('EAAkept')
  const calls = graph.calls.length
  await logIn('EAAkept')
  assert.equal(graph.calls.length, calls)
  assert.ok((await keysOf(port, 0)).some((key) => key.startsWith('test:facebook:')))
})
