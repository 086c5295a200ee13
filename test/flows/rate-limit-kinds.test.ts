import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { runProgram, temporaryDirectory } from '../support/child-server.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Answer, APP_ID, OTHER_APP_ID, startApp } from '../support/test-app.ts'

/** A server whose clock stands still, behind a proxy that it trusts. */
async function limitedApp(t: TestContext, variables: Readonly<Record<string, string>>) {
  const clock = fakeClock()
  const app = await startApp({ clock, variables: { TRUSTED_PROXIES: '127.0.0.1', ...variables } })
  t.after(() => app.close())
  return { app, clock }
}

const from = (n: number) => ({ 'x-forwarded-for': `203.0.113.${n}` })
const times = <T>(count: number, one: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)))
const refusedOf = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 429)
const told = ({ headers }: Answer) =>
  ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) => headers.get(name))

test('a player is limited from however many addresses, is told so, and keeps no other player from calling', async (t) => {
  const { app, clock } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '80', RATE_LIMIT_PLAYER_PER_MINUTE: '12' })
  const { token } = await app.logIn('busy')
  const { token: quiet } = await app.logIn('quiet')
  const call = (n: number, by = token) => app.call('GET', '/api/v1/inbox', { token: by, headers: from(n) })
  assert.deepEqual(told(await call(1)), ['3', '2', '5', null])
  const answers = await times(20, (n) => call(100 + n))
  assert.equal(refusedOf(answers).length, 18)
  for (const answer of refusedOf(answers)) {
    assertRefused(answer, 429, 'too_many_requests')
    assert.deepEqual(told(answer), ['3', '0', '15', '5'])
  }
  assertDone(await call(1, quiet))
  clock.moveMs(5_000)
  assertDone(await call(2))
})

test('nobody uses up a player’s limit but the player: false and ended tokens take nothing from it', async (t) => {
  const { app } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '0', RATE_LIMIT_PLAYER_PER_MINUTE: '12' })
  const ended = await app.logIn('victim')
  assertDone(await app.call('POST', '/api/v1/logout', { token: ended.token }))
  const { token } = await app.logIn('victim')
  const [head, payload] = token.split('.')
  const forged = `${head}.${payload}.${'A'.repeat(43)}`
  for (const wrong of [forged, ended.token]) {
    const answers = await times(20, (n) => app.call('GET', '/api/v1/inbox', { token: wrong, headers: from(n) }))
    for (const answer of answers) assert.deepEqual([answer.status, ...told(answer)], [401, null, null, null, null])
  }
  // The logout was the player's own.
  assert.deepEqual(told(await app.call('GET', '/api/v1/inbox', { token })), ['3', '1', '10', null])
})

test('the clients of one app can be limited together, its servers and the other app’s clients are not', async (t) => {
  const { app, clock } = await limitedApp(t, { RATE_LIMIT_APP_PER_MINUTE: '40' })
  const tokens = (await times(4, (n) => app.logIn(`crowd-${n}`))).map(({ token }) => token)
  const { token: elsewhere } = await app.logIn('elsewhere', OTHER_APP_ID)
  clock.moveMs(60_000)
  const call = (token: string, n: number) => app.call('GET', '/api/v1/inbox', { token, headers: from(n) })
  const answers = await times(40, (n) => call(tokens[n % 4] ?? '', n))
  assert.equal(refusedOf(answers).length, 30)
  assert.deepEqual(told(refusedOf(answers)[0] ?? assert.fail()), ['10', '0', '15', '2'])
  assertDone(await call(elsewhere, 1))
  const server = await app.call('POST', '/api/v1/refresh', { token: await app.serverToken(), body: { uid: '99999' } })
  assert.deepEqual([server.status, ...told(server)], [404, null, null, null, null])
  assertDone(await app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
})

test('one call may have a limit of its own for each address, and the others go on', async (t) => {
  const { app } = await limitedApp(t, {
    RATE_LIMIT_ROUTES: JSON.stringify({ 'POST /api/v1/login/code': 8, 'GET /api/v1/orders/{order_id}': 4 }),
  })
  const { token } = await app.logIn('coded')
  const askFor = (n: number, address: number) =>
    app.call('POST', '/api/v1/login/code', {
      ...{ token, headers: from(address) },
      body: { loginType: 4, loginId: `coded-${n}@example.com` },
    })
  const asked = [await askFor(0, 1), await askFor(1, 1), await askFor(2, 1)]
  assert.deepEqual(
    asked.map((answer) => answer.headers.get('ratelimit-remaining')),
    ['1', '0', '0'],
  )
  assertRefused(asked[2] ?? assert.fail(), 429, 'too_many_requests')
  assert.notEqual((await askFor(3, 2)).headers.get('ratelimit-remaining'), '0')
  const read = (orderId: string) => app.call('GET', `/api/v1/orders/${orderId}`, { token, headers: from(1) })
  assertRefused(await read('one'), 404, 'order_not_found')
  assertRefused(await read('another'), 429, 'too_many_requests')
  assert.deepEqual(told(await app.call('GET', '/api/v1/inbox', { token, headers: from(1) })), [null, null, null, null])
})

test('a claimed address counts for nothing when it comes from a peer that is no proxy of ours', async (t) => {
  const { app } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '8', TRUSTED_PROXIES: '10.0.0.1,192.0.2.0/24' })
  const headers = (n: number) => ({ ...from(n), forwarded: `for=203.0.113.${n}`, 'x-real-ip': `203.0.113.${n}` })
  const answers = await times(10, (n) => app.call('GET', '/api/v1/inbox', { headers: headers(n) }))
  assert.equal(refusedOf(answers).length, 8)
})

test('a limit on a call that is not there, or on platforms’ callbacks, refuses the start in one line', async (t) => {
  const DATABASE_URL = `sqlite:///${temporaryDirectory(t)}/payment.db`
  for (const route of ['POST /api/v1/login/codes', 'GET /api/v1/login/code', 'POST /webhooks/{instance}']) {
    const variables = {
      PORT: '0',
      DATABASE_URL,
      RATE_LIMIT_ROUTES: JSON.stringify({ [route]: 10 }),
    }
    const { code, stderr } = await runProgram('src/main.ts', { variables })
    assert.equal(code, 1)
    assert.match(stderr, /RATE_LIMIT_ROUTES names .*, which is no call that can be limited\. Write method and path/)
    assert.ok(stderr.includes(route) && stderr.trimEnd().split('\n').length === 1, stderr)
  }
})
