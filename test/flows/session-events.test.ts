import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { eventsOf } from '../support/security-events.ts'
import { APP_ID, APP_SECRET, OTHER_APP_ID, OTHER_APP_SECRET } from '../support/test-app.ts'

onEveryEngine((on) => {
  const headersOf = (id: string) => ({ 'x-request-id': id, 'user-agent': 'Slots/4.2' })
  const begin = async (loginId: string, appId = APP_ID) => {
    const pair = assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId } }))
    const body = { loginType: 1, loginId }
    const { uid } = assertDone(await on.app.call('POST', '/api/v1/login', { token: pair.token, body }))
    return { token: pair.token as string, refresh: pair.refresh_token as string, uid: uid as string }
  }
  const told = (kind: string, user_id: string | null, outcome: string | null = null) => [
    { kind, user_id, outcome, app_id: APP_ID, client: 'Slots/4.2' },
  ]
  const tryToken = (token: string) => on.app.call('GET', '/api/v1/inbox', { token })

  test('a logout, and a session that its player ends, are in the trail', async () => {
    const [phone, tablet] = [await begin('told'), await begin('told')]
    const id = tablet.refresh.split('.')[0]
    const revoked = `/api/v1/sessions/${id}/revoke`
    assertDone(await on.app.call('POST', revoked, { token: phone.token, headers: headersOf('told-revoke') }))
    assert.deepEqual(await eventsOf(on.app, 'told-revoke'), told('session_revoked', phone.uid))
    const others = { token: phone.token, headers: headersOf('told-others') }
    assertDone(await on.app.call('POST', '/api/v1/sessions/revoke_others', others))
    assert.deepEqual(await eventsOf(on.app, 'told-others'), told('sessions_revoked', phone.uid))
    assertDone(await on.app.call('POST', '/api/v1/logout', { token: phone.token, headers: headersOf('told-logout') }))
    assert.deepEqual(await eventsOf(on.app, 'told-logout'), told('logged_out', phone.uid))
  })

  test('a refresh token that is used twice is in the trail, and one that was never any is not', async () => {
    const { refresh, uid } = await begin('told-reuse')
    const renew = (refresh_token: string, id: string) =>
      on.app.call('POST', '/api/v1/token/refresh', { body: { refresh_token }, headers: headersOf(id) })
    assertRefused(await renew(`${refresh.split('.')[0]}.x.y`, 'told-guess'), 401, 'session_revoked')
    assertDone(await renew(refresh, 'told-first'))
    assertRefused(await renew(refresh, 'told-reuse'), 401, 'token_reused')
    assert.deepEqual(await eventsOf(on.app, 'told-reuse'), told('token_reused', uid, 'token_reused'))
    const { db } = on.app.service.database
    const guessed = await db.selectFrom('security_events').selectAll().where('request_id', '=', 'told-guess').execute()
    assert.deepEqual(guessed, [])
  })

  test('a wrong app secret is in the trail, and the secret that was tried is not', async () => {
    const guess = `${APP_SECRET}-guessed`
    const body = { appId: APP_ID, appSecret: guess }
    assertRefused(
      await on.app.call('POST', '/api/v1/token', { body, headers: headersOf('told-guess') }),
      401,
      'invalid_app',
    )
    assert.deepEqual(await eventsOf(on.app, 'told-guess'), told('server_token_refused', null, 'invalid_app'))
    const rows = await on.app.service.database.db.selectFrom('security_events').selectAll().execute()
    assert.ok(!JSON.stringify(rows).includes(guess))
  })

  test('a game server ends every session of a player of its app, at once', async () => {
    const token = await on.app.serverToken()
    const [phone, tablet, other] = [await begin('put-out'), await begin('put-out'), await begin('stays-in')]
    const path = (uid: string) => `/api/v1/server/users/${uid}/sessions/revoke`
    const answer = await on.app.call('POST', path(phone.uid), { token, headers: headersOf('put-out') })
    assert.deepEqual([assertDone(answer).ended, answer.body.msg], [2, 'Sessions ended: 2.'])
    for (const one of [phone, tablet]) {
      assertRefused(await tryToken(one.token), 401, 'session_revoked')
      const renewal = { body: { refresh_token: one.refresh } }
      assertRefused(await on.app.call('POST', '/api/v1/token/refresh', renewal), 401, 'session_revoked')
    }
    assertDone(await tryToken(other.token))
    assert.deepEqual(await eventsOf(on.app, 'put-out'), told('sessions_revoked', phone.uid))
    assert.equal(assertDone(await on.app.call('POST', path(phone.uid), { token })).ended, 0)
    assertDone(await tryToken((await begin('put-out')).token))
  })

  test('a game server puts out nobody of another app, and a player nobody at all', async () => {
    const stranger = await begin('another-app', OTHER_APP_ID)
    const path = `/api/v1/server/users/${stranger.uid}/sessions/revoke`
    assertRefused(await on.app.call('POST', path, { token: await on.app.serverToken() }), 404, 'player_not_found')
    assertRefused(await on.app.call('POST', path, { token: stranger.token }), 403, 'wrong_scope')
    assertDone(await tryToken(stranger.token))
    const body = { appId: OTHER_APP_ID, appSecret: OTHER_APP_SECRET }
    const { token } = assertDone(await on.app.call('POST', '/api/v1/token', { body }))
    assert.equal(assertDone(await on.app.call('POST', path, { token })).ended, 1)
    assertRefused(
      await on.app.call('POST', path.replace(stranger.uid, '999999999'), { token }),
      404,
      'player_not_found',
    )
  })
})
