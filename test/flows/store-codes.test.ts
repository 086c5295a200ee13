import assert from 'node:assert/strict'
import { test } from 'node:test'
import { STORE_CODE_TRIES_MAX, STORE_LOGIN_SECONDS } from '../../src/features/account/store-codes.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { wrongCode } from '../support/login-codes.ts'
import { allThatIsKept, byCode, PAGES, pageCalls, trailOf } from '../support/login-page.ts'
import { privacyOf } from '../support/privacy.ts'
import { eventsOf } from '../support/security-events.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()

onEveryEngine(
  (on) => {
    const { logIn, cameIn, begin, storeCode } = pageCalls(on)
    const begun = async (where = {}): Promise<string> => (await begin(where)).begun?.loginToken ?? ''
    const shown = async (token: string, body: object = {}): Promise<{ code: string; login_token: string }> =>
      assertDone(await storeCode(token, body))

    test('the game hands its player a code and a token, and with both they are known on the page', async () => {
      const { token, uid } = await on.app.logIn('store-code')
      const given = assertDone(await storeCode(token))
      assert.match(given.code, /^[0-9]{6}$/)
      // A place of 128 random bits, and 256 that are the secret.
      assert.match(given.login_token, /^[\w-]{22}\.[\w-]{43}$/)
      assert.equal(given.expires_in, 600)
      const { player } = await logIn(byCode(given))
      assert.deepEqual(player, { playerId: Number(uid), name: `Player ${uid}`, avatarUrl: '' })
    })

    test('a login that began on the page is confirmed in the game, and the page then knows its player', async () => {
      const answer = await begin()
      const loginToken = answer.begun?.loginToken ?? ''
      assert.deepEqual([answer.player, answer.refusal, answer.begun?.expiresInSeconds], [null, undefined, 600])
      for (const code of ['', '000000', '123456']) {
        assert.equal(await cameIn({ kind: 'store_code', code, loginToken }), 'invalid_code', 'nobody has confirmed it')
      }
      const { token, uid } = await on.app.logIn('confirms')
      clock.moveMs(60_000)
      const given = assertDone(await storeCode(token, { login_token: loginToken }))
      assert.deepEqual([given.login_token, given.expires_in], [loginToken, 540])
      assert.equal(await cameIn(byCode(given)), uid)
    })

    test('a code works once, and only the newest of a session', async () => {
      const { token, uid } = await on.app.logIn('store-once')
      const [older, newer] = [await shown(token), await shown(token)]
      assert.equal(await cameIn(byCode(older)), 'invalid_code')
      assert.equal(await cameIn(byCode(newer)), uid)
      assert.equal(await cameIn(byCode(newer)), 'invalid_code')
      // On another page it is another login.
      const [here, there] = [await shown(token), await shown(token, { payment_channel: 'second-page' })]
      assert.equal(await cameIn(byCode(here)), uid)
      assert.equal(await cameIn(byCode(there), { instance: 'second-page' }), uid)
    })

    test('a code and a token that are wrong in any way let nobody in', async () => {
      const [first, second] = [await on.app.logIn('store-wrong-1'), await on.app.logIn('store-wrong-2')]
      const mine = await shown(first.token)
      const theirs = await shown(second.token)
      const { code, login_token: loginToken } = mine
      const [place = '', secret = ''] = loginToken.split('.')
      const otherSecret = theirs.login_token.split('.')[1] ?? ''
      const tokens = ['', 'x', place, secret, `${place}.`, `.${secret}`, `${place}.${otherSecret}`, `${loginToken}.x`]
      tokens.push(`${loginToken} `, loginToken.toUpperCase(), 'x'.repeat(5000), `${place}.${secret.slice(1)}`)
      for (const wrong of [...tokens, await begun()]) {
        assert.equal(await cameIn({ kind: 'store_code', code, loginToken: wrong }), 'invalid_code', wrong.slice(0, 80))
      }
      for (const wrong of [
        theirs.code === code ? wrongCode(code) : theirs.code,
        wrongCode(code),
        '',
        `${code}0`,
        'code',
      ]) {
        assert.equal(await cameIn({ kind: 'store_code', code: wrong, loginToken }), 'invalid_code', wrong)
      }
      assert.equal(await cameIn(byCode(mine), { instance: 'second-page' }), 'invalid_code', 'another page')
      assert.equal(await cameIn(byCode(mine), { instance: 'other-page' }), 'invalid_code', 'another app')
      // None of all that has used it up, and however it is typed it is the same code.
      const typed = ` ${code.slice(0, 3)}-${code.slice(3)} `.replace(/[0-9]/g, (digit) =>
        String.fromCodePoint(0xff10 + Number(digit)),
      )
      assert.equal(await cameIn(byCode({ ...mine, code: typed })), first.uid)
    })

    test('five wrong codes kill a login, however often its player has another code made', async () => {
      const { token } = await on.app.logIn('store-guessed')
      const loginToken = await begun()
      let given = await shown(token, { login_token: loginToken })
      for (let n = 0; n < STORE_CODE_TRIES_MAX; n++) {
        assert.equal(await cameIn({ kind: 'store_code', code: wrongCode(given.code), loginToken }), 'invalid_code')
        given = await shown(token, { login_token: loginToken })
      }
      assert.equal(await cameIn(byCode(given)), 'invalid_code')
      // A new login of the same player is as good as any.
      assert.notEqual(await cameIn(byCode(await shown(token))), 'invalid_code')
    })

    test('so many logins may be begun on a page in a minute, and no others are stopped by them', async () => {
      const minute = Math.floor(clock.nowMs() / 60_000)
      const { kv } = on.app.service
      await kv.increment(`store-logins:${APP_ID}:page:${minute}`, { ttlMs: 120_000, by: 5_000 })
      await kv.increment(`store-logins:${APP_ID}:page:${minute}`, { ttlMs: 120_000, by: 1_000 })
      assert.equal((await begin()).refusal, 'too_many_requests')
      assert.equal((await begin({ instance: 'second-page' })).refusal, undefined)
      clock.moveMs(60_000)
      assert.equal((await begin()).refusal, undefined)
    })

    test('whoever has only half of a token neither kills its login nor takes it over', async () => {
      const { token, uid } = await on.app.logIn('store-half')
      const stranger = await on.app.logIn('store-half-2')
      const loginToken = await begun()
      const half = `${loginToken.split('.')[0]}.${'s'.repeat(43)}`
      assertRefused(await storeCode(stranger.token, { login_token: half }), 404, 'store_login_not_found')
      const given = await shown(token, { login_token: loginToken })
      for (let n = 0; n <= STORE_CODE_TRIES_MAX; n++) {
        assert.equal(await cameIn({ kind: 'store_code', code: given.code, loginToken: half }), 'invalid_code')
      }
      assert.equal(await cameIn(byCode(given)), uid)
    })

    test('a login is good for ten minutes and not a millisecond longer, by our clock', async () => {
      const { token, uid } = await on.app.logIn('store-late')
      const other = await on.app.logIn('store-late-2')
      const [inTime, late] = [await shown(token), await shown(other.token)]
      const [confirmable, over] = [await begun(), await begun()]
      clock.moveMs(STORE_LOGIN_SECONDS * 1000 - 1)
      assert.equal(await cameIn(byCode(inTime)), uid)
      const last = assertDone(await storeCode(token, { login_token: confirmable }))
      assert.equal(last.expires_in, 1)
      clock.moveMs(1)
      assert.equal(await cameIn(byCode(late)), 'invalid_code')
      assert.equal(await cameIn(byCode(last)), 'invalid_code')
      assertRefused(await storeCode(token, { login_token: over }), 404, 'store_login_not_found')
    })

    test('what one player has confirmed no other can, nor what is of another page, of another app, or nobody’s', async () => {
      const [first, second] = [await on.app.logIn('confirms-1'), await on.app.logIn('confirms-2')]
      const stranger = await on.app.logIn('confirms-3', OTHER_APP_ID)
      const loginToken = await begun()
      const given = await shown(first.token, { login_token: loginToken })
      const refused = async (token: string, body: object) =>
        assertRefused(await storeCode(token, body), 404, 'store_login_not_found')
      await refused(second.token, { login_token: loginToken })
      await refused(first.token, { login_token: loginToken, payment_channel: 'second-page' })
      await refused(stranger.token, { login_token: await begun(), payment_channel: 'other-page' })
      await refused(first.token, { login_token: await begun({ instance: 'other-page' }) })
      await refused(first.token, { login_token: 'nobody' })
      assert.equal(await cameIn(byCode(given)), first.uid, 'and it stays good for the first')
      await refused(first.token, { login_token: loginToken })
      assertRefused(await storeCode(stranger.token), 404, 'channel_not_found')
      assertRefused(await storeCode(await on.app.clientToken()), 401, 'login_required')
      assertRefused(await storeCode(await on.app.serverToken()), 403, 'wrong_scope')
      assertFaults(
        await storeCode(first.token, { login_token: '', payment_channel: 5 }),
        'login_token',
        'payment_channel',
      )
    })

    test('the same player may ask again for what they have confirmed, and the code before is dead', async () => {
      const { token, uid } = await on.app.logIn('confirms-again')
      const loginToken = await begun()
      let [before, again] = [
        await shown(token, { login_token: loginToken }),
        await shown(token, { login_token: loginToken }),
      ]
      if (before.code === again.code) [before, again] = [again, await shown(token, { login_token: loginToken })]
      assert.equal(await cameIn(byCode(before)), 'invalid_code')
      assert.equal(await cameIn(byCode(again)), uid)
    })

    test('a session that has ended lets nobody in, and an erased player is nobody', async () => {
      const [gone, erased] = [await on.app.logIn('store-logged-out'), await on.app.logIn('store-erased')]
      const [ofGone, ofErased] = [await shown(gone.token), await shown(erased.token)]
      assertDone(await on.app.call('POST', '/api/v1/logout', { token: gone.token }))
      assert.equal(await cameIn(byCode(ofGone)), 'invalid_code')
      await on.app.service.database.inTransaction(async (tx) => {
        await tx
          .updateTable('users')
          .set({ status: 'erased' })
          .where('user_id', '=', Number(erased.uid) as never)
          .execute()
      })
      assert.equal(await cameIn(byCode(ofErased)), 'player_not_found')
      const whole = await on.app.logIn('store-erased-whole')
      const ofWhole = await shown(whole.token)
      await privacyOf(on.app).erase(whole.uid, APP_ID)
      assert.equal(await cameIn(byCode(ofWhole)), 'invalid_code')
    })

    test('the trail tells of each code and of each login by it, and nothing keeps either', async () => {
      const { token, uid } = await on.app.logIn('store-trail')
      const asked = await on.app.call('POST', '/api/v1/account/store_code', {
        ...{ token, body: { payment_channel: 'page' }, headers: { 'x-request-id': 'store-asked' } },
      })
      const given = assertDone(asked)
      const common = { app_id: APP_ID, client: 'node', user_id: uid, kind: 'store_code_issued' }
      assert.deepEqual(await eventsOf(on.app, 'store-asked'), [{ ...common, outcome: null }])
      await on.app.call('POST', '/api/v1/account/store_code', {
        ...{ token, headers: { 'x-request-id': 'store-refused' } },
        body: { payment_channel: 'page', login_token: given.login_token.toLowerCase() },
      })
      assert.deepEqual(await eventsOf(on.app, 'store-refused'), [{ ...common, outcome: 'store_login_not_found' }])
      await logIn(byCode({ ...given, code: wrongCode(given.code) }), { requestId: 'store-1' })
      await logIn(byCode(given), { requestId: 'store-2' })
      assert.deepEqual(await trailOf(on, 'store-1'), ['login_failed store_code invalid_code null channel:page'])
      assert.deepEqual(await trailOf(on, 'store-2'), [`login store_code null ${uid} channel:page`])
      const kept = await allThatIsKept(on)
      for (const secret of [given.login_token, given.login_token.split('.')[1]]) assert.ok(!kept.includes(secret))
    })
  },
  { clock, channels: PAGES },
)
