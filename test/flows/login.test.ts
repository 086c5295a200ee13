import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

onEveryEngine((on) => {
  const logIn = async (body: object, token?: string) =>
    on.app.call('POST', '/api/v1/login', { token: token ?? (await on.app.clientToken()), body })

  test('the first player is number 10001, and the answer says everything about them', async () => {
    const body = assertDone(await logIn({ loginType: 1, loginId: 'the-very-first' }))
    assert.deepEqual(body, {
      return_code: 1,
      status_code: 1,
      user_id: '10001',
      uid: '10001',
      user_name: 'Player 10001',
      avatar_url: '',
      level: 0,
      vip_level: 0,
      coins: 0,
      tokens: 0,
      is_first_pay: 1,
      daily_gift: 1,
      is_new: true,
      msg: 'Welcome.',
    })
  })

  test('the same login finds the same player, by query as written in the first release too', async () => {
    const first = assertDone(await logIn({ loginType: 1, loginId: 'test123' }))
    const token = await on.app.clientToken()
    const path = '/api/v1/login?loginType=1&loginId=test123'
    const again = assertDone(await on.app.call('GET', path, { token }))
    assert.deepEqual([again.uid, again.is_new, first.is_new], [first.uid, false, true])
  })

  test('each login type is a player of its own, and so is each spelling of an id', async () => {
    const uids = new Set<string>()
    for (const loginType of [0, 1, 2, 3]) uids.add(assertDone(await logIn({ loginType, loginId: 'same' })).uid)
    uids.add(assertDone(await logIn({ loginType: 1, loginId: 'SAME' })).uid)
    uids.add(assertDone(await logIn({ loginType: 1, loginId: 'sáme' })).uid)
    assert.equal(uids.size, 6)
  })

  test('a player of one app is not a player of another', async () => {
    const here = assertDone(await logIn({ loginType: 1, loginId: 'in-both' }))
    const there = assertDone(await logIn({ loginType: 1, loginId: 'in-both' }, await on.app.clientToken(OTHER_APP_ID)))
    assert.notEqual(here.uid, there.uid)
  })

  test('mail and SMS need a code, also in local', async () => {
    for (const loginType of [4, 5]) {
      assertRefused(await logIn({ loginType, loginId: 'a@example.com' }), 401, 'proof_required')
      assertRefused(await logIn({ loginType, loginId: 'a@example.com', loginCode: '123456' }), 401, 'invalid_code')
    }
  })

  test('a session takes one player: the same again is fine, another is refused', async () => {
    const token = await on.app.clientToken()
    const first = assertDone(await logIn({ loginType: 1, loginId: 'owner' }, token))
    assert.equal(assertDone(await logIn({ loginType: 1, loginId: 'owner' }, token)).uid, first.uid)
    const before = await stateOf(on.app)
    assertRefused(await logIn({ loginType: 1, loginId: 'thief' }, token), 409, 'session_bound')
    assert.deepEqual(await stateOf(on.app), before, 'a refused login makes no player')
    await on.app.logIn('another-owner')
    assertRefused(await logIn({ loginType: 1, loginId: 'another-owner' }, token), 409, 'session_bound')
    assert.equal(assertDone(await on.app.call('POST', '/api/v1/refresh', { token })).uid, first.uid)
  })

  test('a server does not log in', async () => {
    const token = await on.app.serverToken()
    assertRefused(await logIn({ loginType: 1, loginId: 'x' }, token), 403, 'wrong_scope')
    assertRefused(await on.app.call('GET', '/api/v1/login?loginType=1&loginId=x', { token }), 403, 'wrong_scope')
  })

  test('an unknown shareId is ignored, as older clients send it', async () => {
    for (const shareId of ['0', 0, 'abc']) assertDone(await logIn({ loginType: 1, loginId: 'sharing', shareId }))
    const token = await on.app.clientToken()
    assertDone(await on.app.call('GET', '/api/v1/login?loginType=1&loginId=sharing&shareId=0', { token }))
  })

  test('bad fields are told by name', async () => {
    assertFaults(await logIn({}), 'loginType')
    assertFaults(await logIn({ loginType: 1 }), 'loginId')
    assertFaults(await logIn({ loginType: 6, loginId: '' }), 'loginType', 'loginId')
    assertFaults(await logIn({ loginType: '1', loginId: 'x' }), 'loginType')
    assertFaults(await logIn({ loginType: 1, loginId: ' x' }), 'loginId')
    assertFaults(await logIn({ loginType: 1, loginId: 'x\u0000y' }), 'loginId')
    const token = await on.app.clientToken()
    assertFaults(await on.app.call('GET', '/api/v1/login?loginType=x&loginId=a', { token }), 'loginType')
    assertFaults(await on.app.call('GET', '/api/v1/login?loginType=1&loginType=2&loginId=a', { token }), 'loginType')
  })

  test('refresh answers the login again: for the session itself, or for whom a server names', async () => {
    const { token, uid } = await on.app.logIn('refreshed')
    const own = assertDone(await on.app.call('POST', '/api/v1/refresh', { token, body: { uid } }))
    const bare = assertDone(await on.app.call('POST', '/api/v1/refresh', { token }))
    assert.deepEqual(own, bare)
    assert.deepEqual([own.uid, own.is_new], [uid, false])
    const server = await on.app.serverToken()
    assert.equal(assertDone(await on.app.call('POST', '/api/v1/refresh', { token: server, body: { uid } })).uid, uid)
    assertFaults(await on.app.call('POST', '/api/v1/refresh', { token: server, body: {} }), 'uid')
    const nobody = { token: server, body: { uid: '99999999' } }
    assertRefused(await on.app.call('POST', '/api/v1/refresh', nobody), 404, 'player_not_found')
    const other = await on.app.logIn('not-refreshed')
    const wrong = { token, body: { uid: other.uid } }
    assertRefused(await on.app.call('POST', '/api/v1/refresh', wrong), 403, 'not_your_account')
    const anonymous = { token: await on.app.clientToken(APP_ID) }
    assertRefused(await on.app.call('POST', '/api/v1/refresh', anonymous), 401, 'login_required')
  })
})

onEveryEngine(
  (on) => {
    test('online every login needs proof', async () => {
      const token = await on.app.clientToken()
      for (const loginType of [0, 1, 2, 3, 4, 5]) {
        const body = { loginType, loginId: 'test123' }
        assertRefused(await on.app.call('POST', '/api/v1/login', { token, body }), 401, 'proof_required')
        const path = `/api/v1/login?loginType=${loginType}&loginId=test123`
        assertRefused(await on.app.call('GET', path, { token }), 401, 'proof_required')
      }
      assertRefused(await on.app.call('POST', '/api/v1/refresh', { token }), 401, 'login_required')
    })
  },
  { env: 'online' },
)
