import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, APP_SECRET, OTHER_APP_ID, OTHER_APP_SECRET, startApp } from '../support/test-app.ts'

const HOUR_MS = 60 * 60 * 1000
const clock = fakeClock()

onEveryEngine(
  (on) => {
    const newPair = async () => assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
    const renew = (refreshToken: string) =>
      on.app.call('POST', '/api/v1/token/refresh', { body: { refresh_token: refreshToken } })
    const tryToken = (token: string) => on.app.call('GET', '/api/v1/inbox', { token })

    test('a client starts an anonymous session for three hours, with a refresh token', async () => {
      const body = await newPair()
      assert.equal(body.expires_in, 10_800)
      assert.equal(body.scope, 'client')
      assert.equal(body.token_type, 'Bearer')
      assert.equal(body.token.split('.').length, 3)
      assert.equal(typeof body.refresh_token, 'string')
      assertRefused(await tryToken(body.token), 401, 'login_required')
    })

    test('with the app secret the token is for a server, and comes without a refresh token', async () => {
      const body = assertDone(
        await on.app.call('POST', '/api/v1/token', { body: { appId: APP_ID, appSecret: APP_SECRET } }),
      )
      assert.equal(body.scope, 'server')
      assert.equal('refresh_token' in body, false)
      assertRefused(await tryToken(body.token), 403, 'wrong_scope')
    })

    test('an unknown app and a wrong secret are the same refusal', async () => {
      const wrong = [
        { appId: 'com.example.nobody' },
        { appId: '__proto__' },
        { appId: APP_ID, appSecret: `${APP_SECRET}x` },
        { appId: APP_ID, appSecret: OTHER_APP_SECRET },
        { appId: APP_ID.toUpperCase() },
      ]
      for (const body of wrong) assertRefused(await on.app.call('POST', '/api/v1/token', { body }), 401, 'invalid_app')
    })

    test('every bad field is told at once', async () => {
      const body = { appId: 7, appSecret: '' }
      assertFaults(await on.app.call('POST', '/api/v1/token', { body }), 'appId', 'appSecret')
      assertFaults(await on.app.call('POST', '/api/v1/token', { body: {} }), 'appId')
    })

    test('a refresh token gives a new pair and dies; both access tokens stay good', async () => {
      const first = await newPair()
      const second = assertDone(await renew(first.refresh_token))
      assert.equal(second.expires_in, 10_800)
      assert.notEqual(second.refresh_token, first.refresh_token)
      for (const { token } of [first, second]) assertRefused(await tryToken(token), 401, 'login_required')
    })

    test('a dead refresh token that is used again ends the whole family', async () => {
      const first = await newPair()
      const second = assertDone(await renew(first.refresh_token))
      assertRefused(await renew(first.refresh_token), 401, 'token_reused')
      assertRefused(await renew(second.refresh_token), 401, 'session_revoked')
      for (const { token } of [first, second]) assertRefused(await tryToken(token), 401, 'session_revoked')
    })

    test('a refresh token that died long ago still ends the whole family', async () => {
      const first = await newPair()
      const second = assertDone(await renew(first.refresh_token))
      const third = assertDone(await renew(second.refresh_token))
      assertRefused(await renew(first.refresh_token), 401, 'token_reused')
      assertRefused(await renew(third.refresh_token), 401, 'session_revoked')
    })

    test('a guess at the refresh token of a session that is known by its id ends nothing', async () => {
      const pair = await newPair()
      const [sessionId, family, secret] = pair.refresh_token.split('.')
      for (const guess of [`${sessionId}.x`, `${sessionId}.${secret}`, `${sessionId}.${secret}.${family}`]) {
        assertRefused(await renew(guess), 401, 'session_revoked')
      }
      assertRefused(await tryToken(pair.token), 401, 'login_required')
      assertDone(await renew(pair.refresh_token))
    })

    test('what was never a refresh token is refused', async () => {
      for (const text of ['x', '.', 'ses_1.x', `ses_${'0'.repeat(32)}.abc`, '__proto__']) {
        assertRefused(await renew(text), 401, 'session_revoked')
      }
      assertFaults(await renew('x'.repeat(257)), 'refresh_token')
    })

    test('renewing keeps the player that the session is bound to', async () => {
      const pair = await newPair()
      const body = { loginType: 1, loginId: 'renews' }
      const player = assertDone(await on.app.call('POST', '/api/v1/login', { token: pair.token, body }))
      const renewed = assertDone(await renew(pair.refresh_token))
      const again = assertDone(await on.app.call('POST', '/api/v1/refresh', { token: renewed.token, body: {} }))
      assert.equal(again.uid, player.uid)
    })

    test('logging out ends every token of the session at once', async () => {
      const pair = await newPair()
      assertDone(await on.app.call('POST', '/api/v1/logout', { token: pair.token }))
      assertRefused(await tryToken(pair.token), 401, 'session_revoked')
      assertRefused(await renew(pair.refresh_token), 401, 'session_revoked')
      assertRefused(await on.app.call('POST', '/api/v1/logout', { token: pair.token }), 401, 'session_revoked')
    })

    test('a server has no session to log out of', async () => {
      const token = await on.app.serverToken()
      assertRefused(await on.app.call('POST', '/api/v1/logout', { token }), 403, 'wrong_scope')
    })

    test('no token, and what is no token of ours, are 401', async () => {
      const { token } = await newPair()
      const [head, payload] = token.split('.')
      const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`
      assertRefused(await on.app.call('GET', '/api/v1/inbox'), 401, 'unauthorized')
      for (const bad of ['x', 'a.b.c', unsigned, `${head}.${payload}.AAAA`, `${token}x`, 'é', 'x'.repeat(8000)]) {
        const headers = { authorization: `Bearer ${bad}` }
        assertRefused(await on.app.call('GET', '/api/v1/inbox', { headers }), 401, 'unauthorized')
      }
      const headers = { authorization: `Basic ${token}` }
      assertRefused(await on.app.call('GET', '/api/v1/inbox', { headers }), 401, 'unauthorized')
    })

    test('a token runs out after three hours, and its session is then renewed', async () => {
      const pair = await newPair()
      const server = await on.app.serverToken()
      clock.moveMs(3 * HOUR_MS - 1000)
      assertRefused(await tryToken(pair.token), 401, 'login_required')
      clock.moveMs(1000)
      assertRefused(await tryToken(pair.token), 401, 'token_expired')
      assertRefused(await tryToken(server), 401, 'token_expired')
      const renewed = assertDone(await renew(pair.refresh_token))
      assertRefused(await tryToken(renewed.token), 401, 'login_required')
    })

    test('a session that nobody renews for thirty days is over', async () => {
      const pair = await newPair()
      const body = { loginType: 1, loginId: 'thirty-days' }
      assertDone(await on.app.call('POST', '/api/v1/login', { token: pair.token, body }))
      clock.moveMs(30 * 24 * HOUR_MS - 1)
      const renewed = assertDone(await renew(pair.refresh_token))
      clock.moveMs(30 * 24 * HOUR_MS)
      assertRefused(await renew(renewed.refresh_token), 401, 'session_revoked')
    })

    test('a session that nobody has logged in on is over after a day, and has thirty from the login on', async () => {
      const [ends, renews] = [await newPair(), await newPair()]
      clock.moveMs(24 * HOUR_MS - 1)
      const renewed = assertDone(await renew(renews.refresh_token))
      clock.moveMs(1)
      assertRefused(await renew(ends.refresh_token), 401, 'session_revoked')
      clock.moveMs(24 * HOUR_MS - 2)
      const again = assertDone(await renew(renewed.refresh_token))
      const body = { loginType: 1, loginId: 'binds-late' }
      assertDone(await on.app.call('POST', '/api/v1/login', { token: again.token, body }))
      clock.moveMs(30 * 24 * HOUR_MS - 1)
      assertDone(await renew(again.refresh_token))
    })

    test("another app's token never reaches a player of this one", async () => {
      const { uid } = await on.app.logIn('stays-here')
      const body = { appId: OTHER_APP_ID, appSecret: OTHER_APP_SECRET }
      const { token } = assertDone(await on.app.call('POST', '/api/v1/token', { body }))
      const asked = [
        on.app.call('GET', `/api/v1/store/items?uid=${uid}`, { token }),
        on.app.call('GET', `/api/v1/orders/history?uid=${uid}`, { token }),
        on.app.call('POST', '/api/v1/refresh', { token, body: { uid } }),
      ]
      for (const answer of await Promise.all(asked)) assertRefused(answer, 404, 'player_not_found')
    })
  },
  { clock },
)

test('a secret as long as the configuration allows is taken', async (t) => {
  const appSecret = 'long-secret-'.repeat(50).slice(0, 512)
  const app = await startApp({ variables: { APPS: JSON.stringify([{ appId: APP_ID, appSecret }]), CHANNELS: '{}' } })
  t.after(() => app.close())
  const ask = (secret: string) => app.call('POST', '/api/v1/token', { body: { appId: APP_ID, appSecret: secret } })
  assert.equal(assertDone(await ask(appSecret)).scope, 'server')
  assertFaults(await ask(`${appSecret}x`), 'appSecret')
})

test('a server token ends with the secret that it was given for', async () => {
  const apps = (...appSecrets: string[]) => JSON.stringify([{ appId: APP_ID, appSecrets }])
  const variables = {
    APPS: apps('old-secret', 'new-secret'),
    JWT_SECRET: 'one-signing-secret-for-both-starts',
    CHANNELS: '{}',
  }
  const before = await startApp({ variables })
  const ask = { body: { appId: APP_ID, appSecret: 'old-secret' } }
  const { token } = assertDone(await before.call('POST', '/api/v1/token', ask))
  assertFaults(await before.call('GET', '/api/v1/store/items', { token }), 'uid')
  await before.close()
  const after = await startApp({ variables: { ...variables, APPS: apps('new-secret') } })
  try {
    assertRefused(await after.call('GET', '/api/v1/store/items', { token }), 401, 'session_revoked')
    assertRefused(await after.call('POST', '/api/v1/token', ask), 401, 'invalid_app')
  } finally {
    await after.close()
  }
})
