import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { eventsOf } from '../support/security-events.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()

onEveryEngine(
  (on) => {
    /** A player of the game with both tokens of their session. */
    const play = async (loginId: string, appId = APP_ID) => {
      const pair = assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId } }))
      const { uid } = assertDone(
        await on.app.call('POST', '/api/v1/login', { token: pair.token, body: { loginType: 1, loginId } }),
      )
      return { token: pair.token as string, refresh: pair.refresh_token as string, uid: uid as string }
    }
    const ask = async (token: string): Promise<string> =>
      assertDone(await on.app.call('POST', '/api/v1/handover', { token, body: {} })).code
    const redeem = (code: string, { appId = APP_ID, headers = {} } = {}) =>
      on.app.call('POST', '/api/v1/handover/redeem', { body: { appId, code }, headers })
    const tryToken = (token: string) => on.app.call('POST', '/api/v1/refresh', { token, body: {} })
    const list = async (token: string) => assertDone(await on.app.call('GET', '/api/v1/sessions', { token })).sessions

    test('a code of the game opens a session of its player in a browser, listed like a login', async () => {
      const game = await play('hands-over')
      const answer = assertDone(await on.app.call('POST', '/api/v1/handover', { token: game.token }))
      assert.equal(answer.expires_in, 60)
      const opened = assertDone(await redeem(answer.code, { headers: { 'user-agent': 'Mozilla/5.0 (Shop)' } }))
      assert.deepEqual(
        [opened.uid, opened.scope, opened.token_type, opened.expires_in],
        [game.uid, 'client', 'Bearer', 10_800],
      )
      assert.equal(assertDone(await tryToken(opened.token)).uid, game.uid)
      const clients = (await list(game.token)).map((one: { client: string; current: boolean }) => [
        one.client,
        one.current,
      ])
      assert.ok(clients.some(([client, current]: unknown[]) => client === 'Mozilla/5.0 (Shop)' && current === false))
      assert.equal(clients.length, 2)
      const body = { refresh_token: opened.refresh_token }
      const renewed = assertDone(await on.app.call('POST', '/api/v1/token/refresh', { body }))
      assert.equal(assertDone(await tryToken(renewed.token)).uid, game.uid)
      // Each of the two is logged out by itself.
      assertDone(await on.app.call('POST', '/api/v1/logout', { token: game.token }))
      assertDone(await tryToken(renewed.token))
    })

    test('a code works once', async () => {
      const code = await ask((await play('once')).token)
      assertDone(await redeem(code))
      assertRefused(await redeem(code), 401, 'invalid_handover')
    })

    test('a code is good for sixty seconds and not a millisecond longer', async () => {
      const { token } = await play('sixty')
      const [intime, late] = [await ask(token), await ask((await play('sixty-late')).token)]
      clock.moveMs(59_999)
      assertDone(await redeem(intime))
      clock.moveMs(1)
      assertRefused(await redeem(late), 401, 'invalid_handover')
    })

    test('a further code of a session ends the one before, and none of another session', async () => {
      const [phone, tablet] = [await play('further'), await play('further')]
      const [first, second, other] = [await ask(phone.token), await ask(phone.token), await ask(tablet.token)]
      assertRefused(await redeem(first), 401, 'invalid_handover')
      assertDone(await redeem(second))
      assertDone(await redeem(other))
    })

    test('what is no code, and another app, are one refusal and use no code up', async () => {
      const { token } = await play('wrong')
      const code = await ask(token)
      const [id = '', secret = ''] = code.split('.')
      const swap = secret.startsWith('A') ? 'B' : 'A'
      for (const wrong of [
        'x',
        '.',
        id,
        `${id}.`,
        `${id}.${swap}${secret.slice(1)}`,
        `.${secret}`,
        secret,
        '__proto__',
      ]) {
        assertRefused(await redeem(wrong), 401, 'invalid_handover')
      }
      assertRefused(await redeem(code, { appId: OTHER_APP_ID }), 401, 'invalid_handover')
      assertRefused(await redeem(code, { appId: 'com.example.nobody' }), 401, 'invalid_app')
      assertFaults(await redeem(''), 'code')
      assertFaults(await redeem('x'.repeat(257)), 'code')
      assertDone(await redeem(code))
    })

    test('a session that has ended hands nothing over, however it ended', async () => {
      const ends: Readonly<Record<string, (of: { token: string; refresh: string; uid: string }) => Promise<unknown>>> =
        {
          'logged out': ({ token }) => on.app.call('POST', '/api/v1/logout', { token }),
          revoked: async ({ token, refresh }) =>
            on.app.call('POST', `/api/v1/sessions/${refresh.split('.')[0]}/revoke`, { token }),
          'ended by the game server': async ({ uid }) =>
            on.app.call('POST', `/api/v1/server/users/${uid}/sessions/revoke`, { token: await on.app.serverToken() }),
          'its refresh token used twice': async ({ refresh: refresh_token }) => {
            const renew = () => on.app.call('POST', '/api/v1/token/refresh', { body: { refresh_token } })
            assertDone(await renew())
            assertRefused(await renew(), 401, 'token_reused')
          },
        }
      for (const [how, end] of Object.entries(ends)) {
        const game = await play(`ended: ${how}`)
        const code = await ask(game.token)
        await end(game)
        assertRefused(await tryToken(game.token), 401, 'session_revoked')
        assertRefused(await redeem(code), 401, 'invalid_handover')
        const again = await play(`ended: ${how}`)
        assert.equal((await list(again.token)).length, 1, 'nothing was opened')
      }
    })

    test('once a refresh token is used twice, what its session has opened by codes is over too, and nothing else', async () => {
      const [game, tablet] = [await play('stolen'), await play('stolen')]
      const shop = assertDone(await redeem(await ask(game.token)))
      const beyond = assertDone(await redeem(await ask(shop.token)))
      const ofTablet = assertDone(await redeem(await ask(tablet.token)))
      const renew = () => on.app.call('POST', '/api/v1/token/refresh', { body: { refresh_token: game.refresh } })
      const thief = assertDone(await renew())
      const ofThief = assertDone(await redeem(await ask(thief.token)))
      assertRefused(await renew(), 401, 'token_reused')
      for (const { token } of [game, thief, shop, beyond, ofThief]) {
        assertRefused(await tryToken(token), 401, 'session_revoked')
      }
      for (const { token } of [tablet, ofTablet]) assertDone(await tryToken(token))
      assert.equal((await list(tablet.token)).length, 2)
    })

    test('nobody but a player gets a code, and no code is taken from an address', async () => {
      const anonymous = await on.app.clientToken()
      assertRefused(await on.app.call('POST', '/api/v1/handover', { token: anonymous }), 401, 'login_required')
      assertRefused(
        await on.app.call('POST', '/api/v1/handover', { token: await on.app.serverToken() }),
        403,
        'wrong_scope',
      )
      assertRefused(await on.app.call('POST', '/api/v1/handover'), 401, 'unauthorized')
      const { token } = await play('no-address')
      const code = await ask(token)
      const query = `?appId=${APP_ID}&code=${code}`
      assertRefused(await on.app.call('GET', `/api/v1/handover/redeem${query}`), 404, 'not_found')
      assertRefused(await on.app.call('GET', '/api/v1/handover', { token }), 404, 'not_found')
      assertFaults(await on.app.call('POST', `/api/v1/handover/redeem${query}`, { body: {} }), 'appId', 'code')
      assertDone(await redeem(code))
    })

    test('the store knows a code by its hash only', async () => {
      const { token } = await play('hashed')
      const code = await ask(token)
      const [id = '', secret = ''] = code.split('.')
      assert.equal(Buffer.from(secret, 'base64url').length, 32)
      const kept = await on.app.service.kv.get(`handover:${id}`)
      assert.ok(kept !== null && !kept.includes(secret))
    })

    test('a hand-over beyond thirty sessions ends the oldest', async () => {
      const first = await play('thirty')
      clock.moveMs(1000)
      let newest = await play('thirty')
      for (let n = 2; n < 30; n++) {
        clock.moveMs(1000)
        newest = await play('thirty')
      }
      assertDone(await tryToken(first.token))
      clock.moveMs(1000)
      const opened = assertDone(await redeem(await ask(newest.token)))
      assertRefused(await tryToken(first.token), 401, 'session_revoked')
      assert.equal((await list(opened.token)).length, 30)
    })

    test('each hand-over leaves its events, and none of them holds a code', async () => {
      const game = await play('handover-events')
      const asked = await on.app.call('POST', '/api/v1/handover', {
        token: game.token,
        headers: { 'x-request-id': 'handover-1' },
      })
      const { code } = assertDone(asked)
      const common = { app_id: APP_ID, client: 'node' }
      for (const [requestId, kind, user_id, outcome] of [
        ['handover-2', 'handover_redeemed', game.uid, null],
        ['handover-3', 'handover_refused', null, 'invalid_handover'],
      ] as const) {
        await redeem(code, { headers: { 'x-request-id': requestId } })
        assert.deepEqual(await eventsOf(on.app, requestId), [{ kind, user_id, outcome, ...common }])
      }
      assert.deepEqual(await eventsOf(on.app, 'handover-1'), [
        { kind: 'handover_issued', user_id: game.uid, outcome: null, ...common },
      ])
      const rows = await on.app.service.database.db.selectFrom('security_events').selectAll().execute()
      assert.ok(!JSON.stringify(rows).includes(code.split('.')[1] ?? ''))
    })
  },
  { clock },
)
