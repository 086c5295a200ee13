import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { callSigned } from '../support/signed-call.ts'
import { type Answer, APP_ID, payment, SIGNED_SECRET, startApp } from '../support/test-app.ts'

/** A server with these limits, whose clock stands still, and calls that come from where they say. */
async function limitedApp(t: TestContext, variables: Readonly<Record<string, string>>) {
  const clock = fakeClock()
  const app = await startApp({ clock, variables })
  t.after(() => app.close())
  const from = (address: string | null) => (address === null ? {} : { 'x-forwarded-for': address })
  return {
    app,
    clock,
    anyCall: (address: string | null = null) => app.call('GET', '/api/v1/inbox', { headers: from(address) }),
    newToken: (address: string | null = null) =>
      app.call('POST', '/api/v1/token', { body: { appId: APP_ID }, headers: from(address) }),
  }
}

const times = <T>(count: number, one: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)))
const refusedOf = (answers: readonly Answer[]) => answers.filter(({ status }) => status === 429)
const told = ({ headers }: Answer) =>
  ['ratelimit-limit', 'ratelimit-remaining', 'ratelimit-reset', 'retry-after'].map((name) => headers.get(name))

test('an address makes a quarter of its minute at once, is told how it stands, and goes on after the wait', async (t) => {
  const { anyCall, clock } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '12' })
  const first = await anyCall()
  assertRefused(first, 401, 'unauthorized')
  assert.deepEqual(told(first), ['3', '2', '5', null])
  await anyCall()
  assert.deepEqual(told(await anyCall()), ['3', '0', '15', null])
  const over = await anyCall()
  assertRefused(over, 429, 'too_many_requests')
  assert.deepEqual(told(over), ['3', '0', '15', '5'])
  clock.moveMs(4_000)
  assertRefused(await anyCall(), 429, 'too_many_requests')
  clock.moveMs(1_000)
  assertRefused(await anyCall(), 401, 'unauthorized')
  assertRefused(await anyCall(), 429, 'too_many_requests')
  clock.moveMs(3_600_000)
  assert.equal(refusedOf(await times(10, () => anyCall())).length, 7)
})

test('logins and tokens have a stricter limit of their own, and other calls go on', async (t) => {
  const { app, anyCall, newToken, clock } = await limitedApp(t, {
    RATE_LIMIT_PER_MINUTE: '80',
    RATE_LIMIT_LOGIN_PER_MINUTE: '16',
  })
  const pair = assertDone(await newToken())
  const body = { loginType: 1, loginId: 'limited' }
  assert.deepEqual(told(await app.call('POST', '/api/v1/login', { token: pair.token, body })), ['4', '2', '8', null])
  assertDone(await app.call('GET', '/api/v1/login?loginType=1&loginId=limited', { token: pair.token }))
  const renewal = { body: { refresh_token: pair.refresh_token } }
  const { token } = assertDone(await app.call('POST', '/api/v1/token/refresh', renewal))
  const logins = [
    newToken(),
    app.call('POST', '/api/v1/login', { token, body }),
    app.call('GET', '/api/v1/login?loginType=1&loginId=limited', { token }),
    app.call('POST', '/api/v1/token/refresh', renewal),
    app.call('POST', '/api/v1/login/code', { token, body: { loginType: 4, loginId: 'limited@example.com' } }),
    // A proof is guessed at here as well as at a login.
    app.call('POST', '/api/v1/account/link', { token, body: { loginType: 2, loginId: 'limited' } }),
  ]
  for (const answer of await Promise.all(logins)) {
    assertRefused(answer, 429, 'too_many_requests')
    assert.deepEqual(told(answer), ['4', '0', '15', '4'])
  }
  // A refused renewal is no second use of its token.
  assert.deepEqual(told(await app.call('GET', '/api/v1/inbox', { token })), ['20', '15', '4', null])
  clock.moveMs(60_000)
  assertDone(await newToken())
  assert.equal(refusedOf(await times(30, () => anyCall())).length, 30 - 19)
})

test('false tokens are limited like calls without one', async (t) => {
  const { app, newToken } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '40' })
  const { token } = assertDone(await newToken())
  const [head, payload] = token.split('.')
  const answers = await times(100, (n) =>
    app.call('GET', '/api/v1/inbox', { token: `${head}.${payload}.${String(n).padStart(43, 'A')}` }),
  )
  assert.equal(refusedOf(answers).length, 91)
  assertRefused(await app.call('GET', '/api/v1/inbox', { token }), 429, 'too_many_requests')
})

test('what a caller says of its address counts for nothing where no proxy is trusted', async (t) => {
  const { anyCall } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '8' })
  const answers = await times(10, (n) => anyCall(`203.0.113.${n}`))
  assert.equal(refusedOf(answers).length, 8)
})

test('behind a trusted proxy each client has a limit of its own, and a claim before the proxy counts for nothing', async (t) => {
  const { anyCall } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '8', TRUSTED_PROXIES: '127.0.0.1' })
  for (let n = 0; n < 20; n++) assertRefused(await anyCall(`203.0.113.${n}`), 401, 'unauthorized')
  const claims = await times(10, (n) => anyCall(`198.51.100.${n}, 192.0.2.1`))
  assert.equal(refusedOf(claims).length, 8)
  const ports = await times(10, (n) => anyCall(`192.0.2.2:${4000 + n}`))
  assert.equal(refusedOf(ports).length, 8)
})

test('the addresses of one IPv6 network count together, and IPv4 in IPv6 form is that IPv4 address', async (t) => {
  const { anyCall } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '8', TRUSTED_PROXIES: '127.0.0.1' })
  const oneNetwork = await times(10, (n) => anyCall(`2001:db8:1:2:${n}::${n}`))
  assert.equal(refusedOf(oneNetwork).length, 8)
  assertRefused(await anyCall('2001:db8:1:3::1'), 401, 'unauthorized')
  const mapped = [await anyCall('203.0.113.7'), await anyCall('::ffff:203.0.113.7'), await anyCall('::ffff:cb00:7107')]
  assert.deepEqual(
    mapped.map(({ status }) => status),
    [401, 401, 429],
  )
})

test('a game’s server sends as much as it likes, also from an address that others have used up', async (t) => {
  const { app, anyCall, newToken } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '40' })
  const token = await app.serverToken()
  assertDone(await newToken())
  assert.ok(refusedOf(await times(20, () => anyCall())).length > 0)
  const answers = await times(300, () => app.call('POST', '/api/v1/refresh', { token, body: { uid: '99999' } }))
  for (const answer of answers) {
    assertRefused(answer, 404, 'player_not_found')
    assert.deepEqual(told(answer), [null, null, null, null])
  }
  // Also where it may not call at all: it is known for a server.
  const barred = await times(50, () => app.call('GET', '/api/v1/inbox', { token }))
  for (const answer of barred) assertRefused(answer, 403, 'wrong_scope')
})

test('genuine signatures are never limited; false ones, and bodies that cannot be read, are', async (t) => {
  const { app, clock } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '40' })
  const { uid } = await app.logIn('signed-for')
  clock.moveMs(60_000)
  const send = (order_id: string, secret: string) =>
    callSigned(app, '/api/v1/payment/success', {
      body: payment({ order_id, uid }),
      secret,
      channel: 'signed',
      nowMs: clock.nowMs(),
    })
  const paid = await times(100, (n) => send(`signed-${n}`, SIGNED_SECRET))
  for (const answer of paid)
    assert.deepEqual([assertDone(answer).replayed, ...told(answer)], [false, null, null, null, null])
  const forged = await times(100, (n) => send(`forged-${n}`, 'not the secret'))
  assert.equal(forged.filter(({ status }) => status === 401).length, 10)
  assert.equal(refusedOf(forged).length, 90)
  clock.moveMs(60_000)
  const unreadable = []
  for (let n = 0; n < 50; n++) {
    const headers = { 'x-signature': 't=1,v1=00' }
    unreadable.push(await app.call('POST', '/api/v1/payment/success', { body: '{"a":', headers }))
  }
  assert.equal(unreadable.filter(({ status }) => status === 400).length, 20)
  assert.equal(refusedOf(unreadable).length, 30)
})

test('callbacks of platforms are not limited; forged ones are, by themselves', async (t) => {
  const { app, anyCall, clock } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '40' })
  await times(30, () => anyCall())
  const forge = () => app.call('POST', '/webhooks/sandbox', { body: { forged: true } })
  const forged = []
  for (let n = 0; n < 15; n++) forged.push(await forge())
  for (const answer of forged.slice(0, 10)) assertRefused(answer, 401, 'invalid_signature')
  for (const answer of forged.slice(10)) assertRefused(answer, 429, 'too_many_requests')
  clock.moveMs(1500)
  assertRefused(await forge(), 401, 'invalid_signature')
  assertRefused(await anyCall(), 401, 'unauthorized')
})

test('callbacks for channels that are not there are limited like forged ones', async (t) => {
  const { app, anyCall } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '40' })
  for (const [n, instance] of ['nobody', 'nobody', 'nobody-else', 'no%20name', 'NO-NAME'].entries()) {
    const [first, second] = [`/webhooks/${instance}`, `/webhooks/${instance}/callback`]
    for (const path of [first, second]) {
      const { status } = await app.call('POST', path, { body: {} })
      assert.equal(status, n < 3 ? 404 : 422, path)
    }
  }
  for (const path of ['/webhooks/nobody', '/webhooks/NO-NAME', '/webhooks/sandbox']) {
    assertRefused(await app.call('POST', path, { body: {} }), 429, 'too_many_requests')
  }
  assertRefused(await anyCall(), 401, 'unauthorized')
})

test('who watches the service is never limited', async (t) => {
  const { app, anyCall } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '4' })
  assert.equal(refusedOf(await times(5, () => anyCall())).length, 4)
  for (const path of ['/health', '/ready', '/metrics', '/openapi.json']) {
    for (const answer of await times(20, () => app.call('GET', path))) {
      assert.deepEqual([answer.status, ...told(answer)], [200, null, null, null, null])
    }
  }
})

test('without limits no answer speaks of one; with them a page may read how it stands', async (t) => {
  const { anyCall } = await limitedApp(t, {})
  assert.deepEqual(told(await anyCall()), [null, null, null, null])
  const { app } = await limitedApp(t, { RATE_LIMIT_PER_MINUTE: '40' })
  const { headers } = await app.call('GET', '/api/v1/inbox', { headers: { origin: 'http://localhost:5173' } })
  const exposed = headers.get('access-control-expose-headers') ?? ''
  for (const name of ['RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset', 'Retry-After']) {
    assert.ok(exposed.includes(name), name)
  }
})
