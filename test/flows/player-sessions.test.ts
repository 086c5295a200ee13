import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const clock = fakeClock()

interface Listed {
  id: string
  started_at: string
  client: string
  current: boolean
}

onEveryEngine(
  (on) => {
    /** A session of a player, with both of its tokens. */
    const begin = async (loginId: string, { client = 'test', appId = APP_ID } = {}) => {
      const headers = { 'user-agent': client }
      const pair = assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId } }))
      const body = { loginType: 1, loginId }
      const { uid } = assertDone(await on.app.call('POST', '/api/v1/login', { token: pair.token, body, headers }))
      const id: string = pair.refresh_token.split('.')[0]
      return { token: pair.token as string, refresh: pair.refresh_token as string, uid, id }
    }
    const list = async (token: string): Promise<Listed[]> =>
      assertDone(await on.app.call('GET', '/api/v1/sessions', { token })).sessions
    const idsOf = async (token: string) => (await list(token)).map(({ id }) => id)
    const revoke = (token: string, id: string) => on.app.call('POST', `/api/v1/sessions/${id}/revoke`, { token })
    const revokeOthers = (token: string) => on.app.call('POST', '/api/v1/sessions/revoke_others', { token })
    const renew = (refresh_token: string) => on.app.call('POST', '/api/v1/token/refresh', { body: { refresh_token } })
    const isDead = async ({ token, refresh }: { token: string; refresh: string }) => {
      assertRefused(await on.app.call('GET', '/api/v1/inbox', { token }), 401, 'session_revoked')
      assertRefused(await renew(refresh), 401, 'session_revoked')
    }

    test('a player sees where they are logged in, newest first, and which session asks', async () => {
      const phone = await begin('lists', { client: `Slots/4.2 (iPhone)\t${'x'.repeat(300)}` })
      const phoneAt = clock.nowMs()
      clock.moveMs(60_000)
      const tablet = await begin('lists', { client: 'Slots/4.2 (iPad)' })
      await begin('lists-somebody-else')
      const sessions = await list(phone.token)
      assert.deepEqual(sessions, [
        {
          id: tablet.id,
          started_at: new Date(clock.nowMs()).toISOString(),
          client: 'Slots/4.2 (iPad)',
          current: false,
        },
        {
          id: phone.id,
          started_at: new Date(phoneAt).toISOString(),
          client: `Slots/4.2 (iPhone) ${'x'.repeat(101)}`,
          current: true,
        },
      ])
      assert.deepEqual(
        (await list(tablet.token)).map(({ current }) => current),
        [true, false],
      )
    })

    test('a session that nobody has logged in on is in no list, and may not ask for one', async () => {
      const token = await on.app.clientToken()
      assertRefused(await on.app.call('GET', '/api/v1/sessions', { token }), 401, 'login_required')
      assertRefused(await revokeOthers(token), 401, 'login_required')
      assertRefused(
        await on.app.call('GET', '/api/v1/sessions', { token: await on.app.serverToken() }),
        403,
        'wrong_scope',
      )
    })

    test('the id of a session opens nothing: it is no token of either kind', async () => {
      const one = await begin('no-credential')
      assertRefused(await on.app.call('GET', '/api/v1/inbox', { token: one.id }), 401, 'unauthorized')
      for (const guess of [one.id, `${one.id}.`, `${one.id}.${one.id}.${one.id}`]) {
        assertRefused(await renew(guess), 401, 'session_revoked')
      }
      assert.deepEqual(await idsOf(one.token), [one.id])
    })

    test('a session that is revoked is dead at once with both of its tokens, and leaves the list', async () => {
      const here = await begin('revokes')
      const lost = await begin('revokes')
      assert.equal(assertDone(await revoke(here.token, lost.id)).msg, 'The session has been ended.')
      await isDead(lost)
      assert.deepEqual(await idsOf(here.token), [here.id])
      assertRefused(await revoke(here.token, lost.id), 404, 'session_not_found')
      assertDone(await revoke(here.token, here.id))
      await isDead(here)
    })

    test('a session that was renewed is revoked with its new tokens', async () => {
      const here = await begin('revokes-renewed')
      const lost = await begin('revokes-renewed')
      const { token, refresh_token } = assertDone(await renew(lost.refresh))
      assertDone(await revoke(here.token, lost.id))
      await isDead({ token, refresh: refresh_token })
    })

    test("another player's, another game's, an anonymous and no session are not there", async () => {
      const own = await begin('cannot-revoke')
      const other = await begin('is-not-revoked')
      const elsewhere = await begin('cannot-revoke', { appId: OTHER_APP_ID })
      const anonymous = assertDone(await on.app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
      const foreign = [other.id, elsewhere.id, anonymous.refresh_token.split('.')[0], 'none', '__proto__']
      for (const id of foreign) assertRefused(await revoke(own.token, id), 404, 'session_not_found')
      assertFaults(await revoke(own.token, 'x'.repeat(65)), 'id')
      assert.equal(assertDone(await revokeOthers(own.token)).ended, 0)
      assert.deepEqual(await idsOf(other.token), [other.id])
      assert.deepEqual(await idsOf(elsewhere.token), [elsewhere.id])
      assertDone(await renew(anonymous.refresh_token))
    })

    test('revoking the others leaves only the session that asks, and tells how many ended', async () => {
      const here = await begin('only-here')
      const others = [await begin('only-here'), await begin('only-here'), await begin('only-here')]
      const answer = assertDone(await revokeOthers(here.token))
      assert.deepEqual([answer.ended, answer.msg], [3, 'Other sessions ended: 3.'])
      for (const other of others) await isDead(other)
      assert.deepEqual(await idsOf(here.token), [here.id])
      assert.equal(assertDone(await revokeOthers(here.token)).ended, 0)
    })

    test('who logs out leaves the list, and so does a session whose refresh token was used twice', async () => {
      const here = await begin('leaves')
      const out = await begin('leaves')
      const stolen = await begin('leaves')
      assertDone(await on.app.call('POST', '/api/v1/logout', { token: out.token }))
      assert.deepEqual((await idsOf(here.token)).toSorted(), [here.id, stolen.id].toSorted())
      assertDone(await renew(stolen.refresh))
      assertRefused(await renew(stolen.refresh), 401, 'token_reused')
      assert.deepEqual(await idsOf(here.token), [here.id])
    })

    test('the 31st login ends the oldest session, and the dead do not count', async () => {
      const sessions = []
      for (let n = 0; n < 30; n++) {
        sessions.push(await begin('thirty'))
        clock.moveMs(1)
      }
      const [first, second, third] = sessions as [(typeof sessions)[0], (typeof sessions)[0], (typeof sessions)[0]]
      assert.equal((await list(first.token)).length, 30)
      const newest = await begin('thirty')
      await isDead(first)
      assert.equal((await list(newest.token)).length, 30)
      clock.moveMs(1)
      assertDone(await revoke(newest.token, third.id))
      await begin('thirty')
      const ids = await idsOf(newest.token)
      assert.equal(ids.length, 30)
      assert.equal(ids.at(-1), second.id)
    })

    test('a session stays in the list as long as it is renewed, with its own beginning', async () => {
      const kept = await begin('renews', { client: 'kept' })
      const startedAt = new Date(clock.nowMs()).toISOString()
      const forgotten = await begin('renews', { client: 'forgotten' })
      let pair = { token: kept.token, refresh_token: kept.refresh }
      for (let round = 0; round < 4; round++) {
        clock.moveMs(20 * DAY_MS)
        pair = assertDone(await renew(pair.refresh_token))
      }
      assert.deepEqual(await list(pair.token), [{ id: kept.id, started_at: startedAt, client: 'kept', current: true }])
      assertRefused(await renew(forgotten.refresh), 401, 'session_revoked')
    })

    test('a list that has lost a session gets it back when the session is renewed', async () => {
      const one = await begin('lost-from-the-list')
      assert.equal(await on.app.service.kv.deleteField(`sessions-of:${one.uid}`, one.id), true)
      const { token } = assertDone(await renew(one.refresh))
      assert.deepEqual(await idsOf(token), [one.id])
    })

    test('listing and revoking write nothing into the database', async () => {
      const here = await begin('no-database')
      const lost = await begin('no-database')
      const before = await stateOf(on.app)
      await list(here.token)
      assertDone(await revoke(here.token, lost.id))
      assertDone(await revokeOthers(here.token))
      assert.deepEqual(await stateOf(on.app), before)
    })
  },
  { clock },
)
