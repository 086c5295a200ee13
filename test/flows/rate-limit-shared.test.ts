import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type OwnRedis, redisServerInstalled, startRedis, until } from '../support/redis-server.ts'
import { type Answer, APP_ID, startApp, type TestApp } from '../support/test-app.ts'

const PER_MINUTE = 400
const BURST = 100

function redisIsHere(): boolean {
  if (redisServerInstalled) return true
  assert.notEqual(process.env['REQUIRE_ALL'], '1', 'REQUIRE_ALL=1 and there is no redis-server here')
  process.stderr.write('LEFT OUT: limits shared over Redis, as there is no redis-server here\n')
  return false
}

/** Two servers on one Redis, whose clock stands still, and that tell each other when a test says so at the latest. */
async function twoServers(t: TestContext, redis: OwnRedis, variables: Readonly<Record<string, string>>) {
  const clock = fakeClock()
  const url = { REDIS_URL: `redis://127.0.0.1:${redis.port}/0`, TRUSTED_PROXIES: '127.0.0.1' }
  const open = async () => {
    const app = await startApp({ clock, variables: { ...url, ...variables } })
    t.after(() => app.close())
    return app
  }
  return { clock, a: await open(), b: await open() }
}

const exchange = (app: TestApp) => app.service.limiter?.sharing?.exchange()
const anyCall = (app: TestApp, address = '203.0.113.7') =>
  app.call('GET', '/api/v1/inbox', { headers: { 'x-forwarded-for': address } })
const times = <T>(count: number, one: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)))
const letIn = (answers: readonly Answer[]) => answers.filter(({ status }) => status !== 429).length

/** Every answer is one of the limiter or of what stands behind it: no fault, and nobody who was left waiting. */
function assertOrderly(answers: readonly Answer[]): void {
  for (const answer of answers) {
    if (answer.status === 429) assertRefused(answer, 429, 'too_many_requests')
    else assertRefused(answer, 401, 'unauthorized')
  }
}

test('two servers on one Redis keep one limit, and let through a burst of each too much at most', async (t) => {
  if (!redisIsHere()) return
  const redis = await startRedis(t)
  const { clock, a, b } = await twoServers(t, redis, { RATE_LIMIT_PER_MINUTE: String(PER_MINUTE) })
  let total = 0
  const quarters = 8
  for (let quarter = 0; quarter < quarters; quarter++) {
    const answers = (await Promise.all([times(BURST, () => anyCall(a)), times(BURST, () => anyCall(b))])).flat()
    assertOrderly(answers)
    total += letIn(answers)
    await exchange(a)
    await exchange(b)
    clock.moveMs(15_000)
  }
  const rate = (PER_MINUTE / 4) * quarters
  assert.ok(total <= rate + 2 * BURST && total >= rate - BURST, `${total} of ${rate}`)
})

test('who has used up the limit at one server is refused by the other, told the same, and goes on after the wait', async (t) => {
  if (!redisIsHere()) return
  const redis = await startRedis(t)
  const { clock, a, b } = await twoServers(t, redis, { RATE_LIMIT_PER_MINUTE: String(PER_MINUTE) })
  assert.equal(letIn(await times(BURST + 20, () => anyCall(a))), BURST)
  await exchange(a)
  assert.equal(letIn([await anyCall(b)]), 1)
  await exchange(b)
  const refused = await times(20, () => anyCall(b))
  assert.equal(letIn(refused), 0)
  for (const { headers } of refused) {
    assert.deepEqual([headers.get('ratelimit-limit'), headers.get('ratelimit-remaining')], [String(BURST), '0'])
    assert.equal(headers.get('retry-after'), '1')
  }
  assert.equal(letIn([await anyCall(b, '203.0.113.8')]), 1)
  clock.moveMs(1_000)
  assert.equal(letIn(await times(20, () => anyCall(b))), 5)
})

test('a player has one limit at both servers and from every address, and another player has another', async (t) => {
  if (!redisIsHere()) return
  const redis = await startRedis(t)
  // Sessions and what signs their tokens are in Redis: both servers know the players.
  const { a, b } = await twoServers(t, redis, { RATE_LIMIT_PLAYER_PER_MINUTE: '40' })
  const { token } = await a.logIn('limited-player')
  const { token: other } = await a.logIn('other-player')
  const call = (app: TestApp, n: number, by = token) =>
    app.call('GET', '/api/v1/sessions', { token: by, headers: { 'x-forwarded-for': `203.0.113.${n}` } })
  assert.equal(letIn(await times(30, (n) => call(a, n))), 10)
  await exchange(a)
  await call(b, 1)
  await exchange(b)
  const refused = await call(b, 2)
  assertRefused(refused, 429, 'too_many_requests')
  assert.equal(refused.headers.get('ratelimit-limit'), '10')
  assert.equal((await call(b, 1, other)).status, 200)
  assertDone(await b.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
})

test('with Redis away limits go on in each server, no call waits or fails for it, and they meet again afterwards', async (t) => {
  if (!redisIsHere()) return
  const redis = await startRedis(t)
  const { clock, a, b } = await twoServers(t, redis, { RATE_LIMIT_PER_MINUTE: String(PER_MINUTE) })
  assert.equal(letIn(await times(30, () => anyCall(a))), 30)
  await exchange(a)
  await redis.kill()
  for (const app of [a, b]) {
    const answers = await times(BURST + 50, () => anyCall(app))
    assertOrderly(answers)
    assert.equal(letIn(answers), app === a ? BURST - 30 : BURST)
    await exchange(app)
  }
  clock.moveMs(15_000)
  for (const app of [a, b]) {
    const answers = await times(BURST + 50, () => anyCall(app))
    assertOrderly(answers)
    assert.equal(letIn(answers), BURST)
  }
  await exchange(a)
  await exchange(b)

  await redis.start()
  for (const app of [a, b]) {
    await until(() =>
      app.service.kv.ping().then(
        () => true,
        () => false,
      ),
    )
  }
  clock.moveMs(60_000)
  assert.equal(letIn(await times(BURST + 50, () => anyCall(a))), BURST)
  await exchange(a)
  await anyCall(b)
  await exchange(b)
  assert.equal(letIn(await times(20, () => anyCall(b))), 0)
})

test('a Redis that hangs holds up no call for the limits’ sake', async (t) => {
  if (!redisIsHere()) return
  const redis = await startRedis(t)
  const { a } = await twoServers(t, redis, { RATE_LIMIT_PER_MINUTE: String(PER_MINUTE) })
  redis.freeze()
  try {
    const answers = await times(BURST + 50, () => anyCall(a))
    assertOrderly(answers)
    assert.equal(letIn(answers), BURST)
    await exchange(a)
    assertOrderly([await anyCall(a)])
  } finally {
    redis.thaw()
  }
})
