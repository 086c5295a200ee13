import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TRIES_MAX } from '../../src/features/account/code-rules.ts'
import { FAILURES_MAX } from '../../src/features/account/lockout-rules.ts'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Guest, guestCalls, proofOf } from '../support/guest-calls.ts'
import { codeCalls, MAIL, SMS, wrongCode } from '../support/login-codes.ts'
import {
  allThatIsKept,
  byCode,
  byNumber,
  byPassword,
  loginPageChannel,
  PAGES,
  pageCalls,
  trailOf,
} from '../support/login-page.ts'
import { privacyOf } from '../support/privacy.ts'
import { APP_ID, OTHER_APP_ID, startApp } from '../support/test-app.ts'

const clock = fakeClock()
const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
/** Twenty codes an hour are sent to whoever asks from one address. */
const SEND_AGAIN_MS = 4 * MINUTE_MS
const CROWD = Array.from({ length: 20 }, (_, n) => `crowd-${n}`)
const channels = [...PAGES, ...CROWD.map((instance) => loginPageChannel(instance, APP_ID))]
// Calls are limited by address, so failures are counted by it too: that of a platform must not be.
const variables = { RATE_LIMIT_LOGIN_PER_MINUTE: '1000000', RATE_LIMIT_PER_MINUTE: '1000000' }

onEveryEngine(
  (on) => {
    const { logIn, cameIn } = pageCalls(on)
    const { makeGuest, logInAnew } = guestCalls(on)
    const { ask, logIn: logInByCode, codeFor } = codeCalls(on)
    const rightly = (guest: Guest) => byPassword(guest.loginId, guest.credential)
    const failOften = async (count: number, name: string, refusal = 'invalid_credential') => {
      for (let n = 0; n < count; n++) assert.equal(await cameIn(byPassword(name, 'wrong')), refusal)
    }
    /** A player with this address, and the session that asks for the codes of it. */
    const withAddress = async (loginType: number, loginId: string) => {
      const { token, uid } = await on.app.logIn(`has ${loginId}`)
      clock.moveMs(SEND_AGAIN_MS)
      assertDone(await ask(token, { loginType, loginId }))
      const body = { loginType, loginId, loginCode: await codeFor(loginId) }
      assertDone(await on.app.call('POST', '/api/v1/account/link', { token, body }))
      return {
        uid,
        /** Another code. */
        code: async (asker = token) => {
          clock.moveMs(SEND_AGAIN_MS)
          assertDone(await ask(asker, { loginType, loginId }))
          return codeFor(loginId)
        },
      }
    }

    test('a guest comes in on the page by login id and credential, as often as they like', async () => {
      const guest = await makeGuest()
      for (const name of [guest.loginId, ` ${guest.loginId} `, guest.loginId]) {
        const { player } = await logIn(byPassword(name, guest.credential))
        assert.deepEqual(player, { playerId: Number(guest.uid), name: `Player ${guest.uid}`, avatarUrl: '' })
      }
    })

    test('a credential that is wrong in any way lets nobody in, and who is unknown is told the same', async () => {
      const [guest, other] = [await makeGuest(), await makeGuest()]
      const { loginId, credential } = guest
      const wrongs = [
        ...[byPassword(loginId, ''), byPassword(loginId, other.credential), byPassword(other.loginId, credential)],
        ...[byPassword('', credential), byPassword('', ''), byPassword(' ', credential), byPassword(loginId, ' ')],
        ...[byPassword(loginId, `${credential} `), byPassword(loginId, credential.toUpperCase())],
        ...[byPassword(loginId, credential.slice(1)), byPassword(`${loginId}x`, credential)],
        ...[byPassword(`${loginId}\n`, 'x'.repeat(513)), byPassword('x'.repeat(100_000), credential)],
        ...[byPassword(guest.uid, credential), byPassword('guest\u0000', credential), byPassword('\ud800', credential)],
        ...[byPassword("' OR '1'='1", "' OR '1'='1"), byPassword('%', '%')],
      ]
      for (const proof of wrongs)
        assert.equal(await cameIn(proof), 'invalid_credential', JSON.stringify(proof).slice(0, 90))
      assert.equal(await cameIn(rightly(guest), { instance: 'other-page' }), 'invalid_credential', 'of another app')
      const there = await makeGuest(OTHER_APP_ID)
      assert.equal(await cameIn(rightly(there)), 'invalid_credential')
      assert.equal(await cameIn(rightly(guest)), guest.uid)
    })

    test('a code that was sent to an address lets its player in, in whichever session it was asked for', async () => {
      const anna = await withAddress(MAIL, 'anna@example.com')
      const { player } = await logIn(byPassword('anna@example.com', await anna.code()))
      assert.equal(player?.playerId, Number(anna.uid))
      const phone = await withAddress(SMS, '+8613800000001')
      const code = await phone.code(await on.app.clientToken())
      const wide = code.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit)))
      assert.equal(await cameIn(byPassword(' +86 138-0000-0001', `${wide.slice(0, 3)} ${wide.slice(3)}`)), phone.uid)
      assert.equal(await cameIn(byPassword('ANNA@Example.com ', await anna.code())), anna.uid)
    })

    test('a code works once, the newest alone, five minutes long, and for its own address', async () => {
      const ben = await withAddress(MAIL, 'ben@example.com')
      const bob = await withAddress(MAIL, 'bob@example.com')
      const of = (code: string, name = 'ben@example.com') => cameIn(byPassword(name, code))
      const used = await ben.code()
      assert.equal(await of(used), ben.uid)
      assert.equal(await of(used), 'invalid_code')
      const [older, newer] = [await ben.code(), await ben.code(await on.app.clientToken())]
      if (older !== newer) assert.equal(await of(older), 'invalid_code')
      assert.equal(await of(newer, 'bob@example.com'), 'invalid_code')
      assert.equal(await of(newer, 'ben@example.org'), 'invalid_code')
      assert.equal(await cameIn(byPassword('ben@example.com', newer), { instance: 'other-page' }), 'invalid_code')
      for (const wrong of ['', '1', 'letters', `${newer}0`, newer.slice(1)]) {
        assert.ok(['invalid_code', 'invalid_credential'].includes(await of(wrong)), wrong)
      }
      assert.equal(await of(newer), ben.uid)
      const late = await bob.code()
      clock.moveMs(5 * MINUTE_MS)
      assert.equal(await of(late, 'bob@example.com'), 'invalid_code')
    })

    test('what the page has used up the game cannot use, and the other way round', async () => {
      const eva = await withAddress(MAIL, 'eva@example.com')
      const asker = await on.app.clientToken()
      const inGame = (loginCode: string) =>
        logInByCode(asker, { loginType: MAIL, loginId: 'eva@example.com', loginCode })
      const first = await eva.code(asker)
      assert.equal(await cameIn(byPassword('eva@example.com', first)), eva.uid)
      assert.equal((await inGame(first)).body.error, 'invalid_code')
      const second = await eva.code(asker)
      assert.equal(assertDone(await inGame(second)).uid, eva.uid)
      assert.equal(await cameIn(byPassword('eva@example.com', second)), 'invalid_code')
    })

    test('five wrong tries on pages kill a code there, and leave it to the session that asked for it', async () => {
      const kim = await withAddress(MAIL, 'kim@example.com')
      const asker = await on.app.clientToken()
      const code = await kim.code(asker)
      for (let n = 1; n <= TRIES_MAX; n++) {
        assert.equal(await cameIn(byPassword('kim@example.com', wrongCode(code, n))), 'invalid_code')
      }
      assert.equal(await cameIn(byPassword('kim@example.com', code)), 'invalid_code')
      const typed = { loginType: MAIL, loginId: 'kim@example.com', loginCode: code }
      assert.equal(assertDone(await logInByCode(asker, typed)).uid, kim.uid)
    })

    test('an address that is nobody’s, or of an erased player, is told so once its code is right', async () => {
      const asker = await on.app.clientToken()
      clock.moveMs(SEND_AGAIN_MS)
      assertDone(await ask(asker, { loginType: MAIL, loginId: 'new@example.com' }))
      const users = () => on.app.service.database.db.selectFrom('users').select('user_id').execute()
      const before = (await users()).length
      assert.equal(await cameIn(byPassword('new@example.com', await codeFor('new@example.com'))), 'player_not_found')
      assert.equal((await users()).length, before)
      const gone = await withAddress(MAIL, 'gone@example.com')
      const code = await gone.code(asker)
      const guest = await makeGuest()
      await privacyOf(on.app).erase(gone.uid, APP_ID)
      await privacyOf(on.app).erase(guest.uid, APP_ID)
      assert.equal(await cameIn(byPassword('gone@example.com', code)), 'player_not_found')
      assert.equal(await cameIn(rightly(guest)), 'invalid_credential')
    })

    test('after ten failures of a name the right password waits too, on this page, and nobody else does', async () => {
      const [guest, other] = [await makeGuest(), await makeGuest()]
      assert.equal(await cameIn(rightly(guest)), guest.uid, 'who has been here before is no exception')
      await failOften(FAILURES_MAX.pair, guest.loginId)
      assert.equal(await cameIn(rightly(guest)), 'login_locked')
      assert.equal(await cameIn(rightly(other)), other.uid)
      assert.equal(await cameIn(rightly(guest), { instance: 'second-page' }), guest.uid)
      assertDone(await logInAnew({ ...proofOf(guest) }))
      clock.moveMs(30 * SECOND_MS - 1)
      assert.equal(await cameIn(rightly(guest)), 'login_locked')
      clock.moveMs(1)
      assert.equal(await cameIn(rightly(guest)), guest.uid)
    })

    test('codes for one address count together however it is typed', async () => {
      const max = await withAddress(MAIL, 'max@example.com')
      for (let n = 0; n < FAILURES_MAX.pair; n++) {
        const name = ['Max@example.com', 'max@EXAMPLE.com', ' max@example.com'][n % 3] ?? ''
        assert.equal(await cameIn(byPassword(name, '000000')), 'invalid_code')
      }
      assert.equal(await cameIn(byPassword('max@example.com', '000000')), 'login_locked')
      assert.equal(await cameIn(byPassword('max@example.com', await max.code())), max.uid)
    })

    test('a guesser who tries hundreds of names locks the page for nobody', async () => {
      const guest = await makeGuest()
      for (let n = 0; n < 5 * FAILURES_MAX.address; n++) {
        assert.equal(await cameIn(byPassword(`guest_${n}`, 'wrong')), 'invalid_credential')
      }
      assert.equal(await cameIn(rightly(guest)), guest.uid)
      assert.equal(assertDone(await logInAnew({ ...proofOf(guest) })).uid, guest.uid)
    })

    test('a hundred guesses at one name at once are looked at ten times', async () => {
      const guest = await makeGuest()
      const guesses = Array.from({ length: 100 }, (_, n) => cameIn(byPassword(guest.loginId, `guess-${n}`)))
      const counted = Map.groupBy(await Promise.all(guesses), (refusal) => refusal)
      assert.equal(counted.get('invalid_credential')?.length, FAILURES_MAX.pair)
      assert.equal(counted.get('login_locked')?.length, 100 - FAILURES_MAX.pair)
    })

    test('guesses on pages count for their identity: many pages together lock it, but where its player has been', async () => {
      const guest = await makeGuest()
      assert.equal(await cameIn(rightly(guest), { instance: 'second-page' }), guest.uid)
      assertDone(await logInAnew({ ...proofOf(guest) }))
      const perPage = FAILURES_MAX.identity / CROWD.length
      assert.ok(perPage < FAILURES_MAX.pair)
      for (const page of CROWD) {
        for (let n = 0; n < perPage; n++) {
          assert.equal(await cameIn(byPassword(guest.loginId, 'wrong'), { instance: page }), 'invalid_credential')
        }
      }
      // A page makes nobody known: whoever comes next from there may be anybody.
      for (const page of ['second-page', 'page', 'crowd-0']) {
        assert.equal(await cameIn(rightly(guest), { instance: page }), 'login_locked', page)
      }
      assert.equal(assertDone(await logInAnew({ ...proofOf(guest) })).uid, guest.uid)
    })

    test('every outcome is in the trail with its page, and neither name nor password is anywhere', async () => {
      const guest = await makeGuest()
      await logIn(rightly(guest), { requestId: 'password-1' })
      await logIn(byPassword(guest.loginId, 'a-wrong-credential'), { requestId: 'password-2' })
      await logIn(byPassword('trail@example.com', '135790'), { requestId: 'password-3', instance: 'second-page' })
      await logIn(byPassword('+8613800000009', '135790'), { requestId: 'password-4' })
      await failOften(FAILURES_MAX.pair - 1, guest.loginId)
      await logIn(rightly(guest), { requestId: 'password-5' })
      assert.deepEqual(await trailOf(on, 'password-1'), [`login guest null ${guest.uid} channel:page`])
      assert.deepEqual(await trailOf(on, 'password-2'), ['login_failed guest invalid_credential null channel:page'])
      assert.deepEqual(await trailOf(on, 'password-3'), ['login_failed email invalid_code null channel:second-page'])
      assert.deepEqual(await trailOf(on, 'password-4'), ['login_failed sms invalid_code null channel:page'])
      assert.deepEqual(await trailOf(on, 'password-5'), ['login_locked guest login_locked null channel:page'])
      const kept = await allThatIsKept(on)
      const secrets = [
        guest.loginId,
        guest.credential,
        'a-wrong-credential',
        'trail@example.com',
        '13800000009',
        '135790',
      ]
      for (const secret of secrets) assert.ok(!kept.includes(secret), secret)
    })
  },
  { clock, channels, variables },
)

test('a store of codes that is away is told to the page as that, and numbers go on', async (t) => {
  const app = await startApp({ channels: PAGES })
  t.after(() => app.close())
  const on = { app }
  const { logIn, cameIn, begin } = pageCalls(on)
  const guest = await guestCalls(on).makeGuest()
  await app.service.kv.close()
  const loginToken = `${'p'.repeat(22)}.${'s'.repeat(43)}`
  for (const proof of [
    byPassword(guest.loginId, guest.credential),
    byPassword('anna@example.com', '123456'),
    byCode({ code: '123456', login_token: loginToken }),
  ]) {
    assert.equal(await cameIn(proof), 'sessions_unavailable', proof.kind)
  }
  assert.deepEqual(await begin(), { player: null, items: [], refusal: 'sessions_unavailable' })
  await logIn(byPassword(guest.loginId, guest.credential), { requestId: 'away' })
  assert.deepEqual(await trailOf(on, 'away'), ['login_failed guest sessions_unavailable null channel:page'])
  assert.equal(await cameIn(byNumber(guest.uid)), guest.uid)
})

test('a database that is away is told to the page as something to try again', async (t) => {
  const app = await startApp({ channels: PAGES })
  t.after(() => app.close())
  const { logIn } = pageCalls({ app })
  await app.service.database.close()
  assert.deepEqual(await logIn(byNumber('10001')), { kind: 'retry_later' })
})
