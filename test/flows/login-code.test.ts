import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL, SMS, wrongCode } from '../support/login-codes.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const MINUTE_MS = 60_000

onEveryEngine(
  (on) => {
    const { ask, logIn, logInByQuery, codeFor, messagesTo, messageCount } = codeCalls(on)
    const mail = (loginId: string) => ({ loginType: MAIL, loginId })

    /** A session that has been sent a code: its token and the code. */
    const asked = async (address: { loginType: number; loginId: string }, appId: string = APP_ID) => {
      const token = await on.app.clientToken(appId)
      assertDone(await ask(token, address))
      return { token, code: await codeFor(address.loginId) }
    }

    test('a player logs in by mail: a code arrives, proves the address once, and finds the same player again', async () => {
      const address = mail('first@example.com')
      const { token, code } = await asked(address)
      assert.match(code, /^[0-9]{6}$/)
      const first = assertDone(await logIn(token, { ...address, loginCode: code }))
      assert.equal(first.is_new, true)
      assertRefused(await logIn(token, { ...address, loginCode: code }), 401, 'invalid_code')
      clock.moveMs(MINUTE_MS)
      const again = await asked(address)
      const found = assertDone(await logInByQuery(again.token, { ...address, loginCode: again.code }))
      assert.deepEqual([found.uid, found.is_new], [first.uid, false])
      assert.equal(assertDone(await on.app.call('POST', '/api/v1/refresh', { token: again.token })).uid, first.uid)
    })

    test('a player logs in by SMS, and is the same one however the number is typed', async () => {
      const { token, code } = await asked({ loginType: SMS, loginId: '+8613800000001' })
      const typed = { loginType: SMS, loginId: '+86 (138) 0000-0001', loginCode: code }
      const first = assertDone(await logIn(token, typed))
      clock.moveMs(MINUTE_MS)
      const other = await on.app.clientToken()
      assertDone(await ask(other, { loginType: SMS, loginId: '＋８６ １３８００００ ０００１' }))
      const again = { loginType: SMS, loginId: '+8613800000001', loginCode: await codeFor('+8613800000001') }
      assert.equal(assertDone(await logInByQuery(other, again)).uid, first.uid)
    })

    test('the same mailbox in other letters is the same player, a domain that only looks the same is not', async () => {
      const { token, code } = await asked(mail('spelled@example.com'))
      const first = assertDone(await logIn(token, { ...mail('Spelled@EXAMPLE.com'), loginCode: code }))
      const lookalike = await on.app.clientToken()
      assertDone(await ask(lookalike, mail('spelled@exаmple.com')))
      const sent = await codeFor('spelled@xn--exmple-4nf.com')
      const other = assertDone(await logIn(lookalike, { ...mail('spelled@exаmple.com'), loginCode: sent }))
      assert.notEqual(other.uid, first.uid)
    })

    test('the answer is the same whether or not anybody plays under the address', async () => {
      const known = mail('known@example.com')
      const first = await asked(known)
      assertDone(await logIn(first.token, { ...known, loginCode: first.code }))
      clock.moveMs(MINUTE_MS)
      const before = await stateOf(on.app)
      const answers = [known, mail('unknown@example.com')].map(async (address) =>
        assertDone(await ask(await on.app.clientToken(), address)),
      )
      const [toKnown, toUnknown] = await Promise.all(answers)
      assert.deepEqual(toKnown, toUnknown)
      const { msg, ...figures } = toKnown
      assert.deepEqual(figures, { return_code: 1, status_code: 1, expires_in: 300, resend_after: 60 })
      assert.equal(typeof msg, 'string')
      assert.deepEqual(await stateOf(on.app), before, 'asking for a code makes no player')
    })

    test('a code may be typed with blanks, dashes and full-width digits', async () => {
      const spellings = [
        (code: string) => ` ${code.slice(0, 3)} ${code.slice(3)} `,
        (code: string) => `${code.slice(0, 3)}-${code.slice(3)}`,
        (code: string) => code.replace(/[0-9]/g, (digit) => String.fromCodePoint(0xff10 + Number(digit))),
      ]
      for (const [n, spelling] of spellings.entries()) {
        const address = mail(`spelling-${n}@example.com`)
        const { token, code } = await asked(address)
        assertDone(await logIn(token, { ...address, loginCode: spelling(code) }))
      }
    })

    test('the right code after four wrong tries logs in, after five it does not', async () => {
      for (const [tries, status] of [
        [4, 200],
        [5, 401],
      ] as const) {
        const address = mail(`after-${tries}@example.com`)
        const { token, code } = await asked(address)
        for (let n = 1; n <= tries; n++) {
          assertRefused(await logIn(token, { ...address, loginCode: wrongCode(code, n) }), 401, 'invalid_code')
        }
        const answer = await logIn(token, { ...address, loginCode: code })
        assert.equal(answer.status, status, JSON.stringify(answer.body))
      }
    })

    test('a code lives five minutes to the millisecond', async () => {
      const early = await asked(mail('in-time@example.com'))
      const late = await asked(mail('too-late@example.com'))
      clock.moveMs(5 * MINUTE_MS - 1)
      assertDone(await logIn(early.token, { ...mail('in-time@example.com'), loginCode: early.code }))
      clock.moveMs(1)
      const expired = { ...mail('too-late@example.com'), loginCode: late.code }
      assertRefused(await logIn(late.token, expired), 401, 'invalid_code')
    })

    test('only the newest code of a session counts', async () => {
      const address = mail('resent@example.com')
      const { token, code: older } = await asked(address)
      clock.moveMs(MINUTE_MS)
      assertDone(await ask(token, address))
      const newer = await codeFor(address.loginId)
      if (older !== newer) assertRefused(await logIn(token, { ...address, loginCode: older }), 401, 'invalid_code')
      assertDone(await logIn(token, { ...address, loginCode: newer }))
    })

    test('a code is of no use in another session, for another address, as another type or in another app', async () => {
      const address = mail('bound@example.com')
      const { token, code } = await asked(address)
      const other = await asked(mail('bound-too@example.com'))
      const stranger = await on.app.clientToken()
      const there = await on.app.clientToken(OTHER_APP_ID)
      const typed = { ...address, loginCode: code }
      for (const session of [stranger, other.token, there]) {
        assertRefused(await logIn(session, typed), 401, 'invalid_code')
      }
      for (const loginId of ['bound-too@example.com', 'bound@example.org', '+8613800000002', 'no address']) {
        assertRefused(await logIn(token, { ...typed, loginId }), 401, 'invalid_code')
      }
      assertRefused(await logIn(token, { ...typed, loginType: SMS }), 401, 'invalid_code')
      assertDone(await logIn(other.token, { ...mail('bound-too@example.com'), loginCode: other.code }))
    })

    test('a wrong code tells nothing of a session that is bound; a right one is used up by it', async () => {
      const owner = await on.app.logIn('code-owner')
      const address = mail('newcomer@example.com')
      assertDone(await ask(owner.token, address))
      const code = await codeFor(address.loginId)
      const before = await stateOf(on.app)
      assertRefused(await logIn(owner.token, { ...address, loginCode: wrongCode(code) }), 401, 'invalid_code')
      assertRefused(await logIn(owner.token, { ...address, loginCode: code }), 409, 'session_bound')
      assertRefused(await logIn(owner.token, { ...address, loginCode: code }), 401, 'invalid_code')
      assert.deepEqual(await stateOf(on.app), before, 'a refused login makes no player')
    })

    test('a player by mail may log in again on a session that is theirs', async () => {
      const address = mail('again@example.com')
      const { token, code } = await asked(address)
      const { uid } = assertDone(await logIn(token, { ...address, loginCode: code }))
      clock.moveMs(MINUTE_MS)
      assertDone(await ask(token, address))
      assert.equal(assertDone(await logIn(token, { ...address, loginCode: await codeFor(address.loginId) })).uid, uid)
    })

    test('what is not one address is refused by name, and nothing is sent', async () => {
      const token = await on.app.clientToken()
      const before = await messageCount()
      for (const loginId of [
        ...['a@example.com, b@example.com', 'a@example.com;b@example.com', 'A <a@example.com>', '"a"@example.com'],
        ...[
          'a@example.com\r\nBcc: b@example.com',
          'a@example.com\nSubject: x',
          'a@example',
          'a b@example.com',
          '@',
          '',
        ],
        ...['+8613800000000', 'a@example.com/x', `${'a'.repeat(250)}@example.com`],
      ]) {
        assertFaults(await ask(token, mail(loginId)), 'loginId')
      }
      for (const loginId of [
        '13800000000',
        '+86138',
        '+8613800000000,+8613900000000',
        'a@example.com',
        '+0138000000',
      ]) {
        assertFaults(await ask(token, { loginType: SMS, loginId }), 'loginId')
      }
      for (const loginType of [0, 1, 2, 3, 6])
        assertFaults(await ask(token, { ...mail('a@b.com'), loginType }), 'loginType')
      assert.equal(await messageCount(), before)
    })

    test('a code is asked for by a client; a server has no session to log in', async () => {
      const address = mail('server@example.com')
      assertRefused(await ask(await on.app.serverToken(), address), 403, 'wrong_scope')
      assertRefused(await on.app.call('POST', '/api/v1/login/code', { body: address }), 401, 'unauthorized')
    })

    test('the local mailbox shows what would have been sent, in the language of the player', async () => {
      const token = await on.app.clientToken()
      const chinese = { 'accept-language': 'zh-CN' }
      assert.match(assertDone(await ask(token, mail('zh@example.com'), chinese)).msg, /验证码/)
      const [message] = await messagesTo('zh@example.com')
      assert.equal(message?.kind, 'email')
      assert.match(message?.subject ?? '', /验证码/)
      assert.ok(message?.text.includes(message.code))
      assertDone(await ask(await on.app.clientToken(), { loginType: SMS, loginId: '+14155550100' }))
      const [sms] = await messagesTo('+14155550100')
      assert.deepEqual([sms?.kind, sms?.subject, sms?.language], ['sms', null, 'en'])
      assert.ok(sms?.text.includes(sms.code))
    })
  },
  { clock },
)
