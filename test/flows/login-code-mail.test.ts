import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL, SMS } from '../support/login-codes.ts'
import { startMailServer } from '../support/mail-server.ts'

const clock = fakeClock()
const USER = { user: 'postmaster', password: 'p@ss:word/%' }
const server = await startMailServer({ login: USER })
after(() => server.stop())

const credentials = [USER.user, USER.password].map(encodeURIComponent).join(':')
const variables = {
  SMTP_URL: `smtp://${credentials}@127.0.0.1:${server.port}?timeout_ms=1000`,
  MAIL_FROM: 'Example Game <login@example.com>',
  LOG_LEVEL: 'warn',
}

const codeIn = (text: string | undefined): string => /(?<![0-9])[0-9]{6}(?![0-9])/.exec(text ?? '')?.[0] ?? ''

onEveryEngine(
  (on) => {
    const { ask, logIn } = codeCalls(on)
    const mail = (loginId: string) => ({ loginType: MAIL, loginId })
    const logText = async (): Promise<string> => {
      const file = on.app.variables['LOG_FILE'] ?? ''
      const names = (await readdir(dirname(file))).filter((name) => name.startsWith(basename(file)))
      return (await Promise.all(names.map((name) => readFile(join(dirname(file), name), 'utf8')))).join('')
    }

    test('online a player logs in with the code of the mail that arrived', async () => {
      const address = mail('Real.Player@Example.com')
      const token = await on.app.clientToken()
      const answer = assertDone(await ask(token, address))
      const got = server.lastTo('real.player@example.com')
      const code = codeIn(got.parts['text/plain'])
      assert.ok(!JSON.stringify(answer).includes(code))
      const player = assertDone(await logIn(token, { ...address, loginCode: code }))
      assert.equal(player.is_new, true)
      assertRefused(await logIn(token, { ...address, loginCode: code }), 401, 'invalid_code')
      clock.moveMs(60_000)
    })

    test('the mail goes to one recipient, over TLS, by our login, and says what it is', async () => {
      const token = await on.app.clientToken()
      assertDone(await ask(token, mail('looked.at@example.com')))
      const got = server.lastTo('looked.at@example.com')
      assert.deepEqual(
        [got.recipients, got.sender, got.encrypted, got.user],
        [['looked.at@example.com'], 'login@example.com', true, USER.user],
      )
      assert.match(got.head, /^From: Example Game <login@example\.com>$/m)
      assert.match(got.head, /^To: looked\.at@example\.com$/m)
      assert.match(got.head, /^Auto-Submitted: auto-generated$/im)
      const code = codeIn(got.parts['text/plain'])
      assert.match(got.head, new RegExp(`^Subject: ${code} is your login code$`, 'm'))
      assert.ok(got.parts['text/html']?.includes(`<strong>${code}</strong>`))
      for (const part of Object.values(got.parts)) assert.match(part, /5 minutes/)
      // A scanner of mail follows links: none may log anybody in.
      for (const part of Object.values(got.parts)) assert.doesNotMatch(part, /https?:|href/i)
      clock.moveMs(60_000)
    })

    test('a Chinese player gets Chinese mail', async () => {
      const token = await on.app.clientToken()
      assertDone(await ask(token, mail('zh@example.com'), { 'accept-language': 'zh-CN,zh;q=0.9' }))
      const { head, parts } = server.lastTo('zh@example.com')
      assert.match(head, /^Subject: =\?UTF-8\?/m)
      assert.match(parts['text/plain'] ?? '', /验证码 5 分钟内有效/)
      assert.match(parts['text/html'] ?? '', /lang="zh-CN"/)
      const loginCode = codeIn(parts['text/plain'])
      assertDone(await logIn(token, { ...mail('zh@example.com'), loginCode }))
      clock.moveMs(60_000)
    })

    test('no address injects a recipient or a header', async () => {
      const token = await on.app.clientToken()
      const before = server.mails.length
      for (const loginId of [
        ...['a@example.com\r\nBcc: victim@example.com', 'a@example.com, victim@example.com', 'a@example.com>\r\nDATA'],
        ...['a@example.com;victim@example.com', '<victim@example.com>', '"a\r\nSubject: x"@example.com'],
      ]) {
        assertFaults(await ask(token, mail(loginId)), 'loginId')
      }
      assert.equal(server.mails.length, before)
    })

    test('a header that is written into any field of the calls stays out of the mail', async () => {
      const token = await on.app.clientToken()
      const before = server.mails.length
      const inject = '\r\nBcc: victim@example.com'
      for (const loginId of [
        ...[`a@example.com${inject}`, `a${inject}@example.com`, `a@example.com%0d%0aBcc:victim@example.com`],
        ...[
          'a@example.com\nBcc: victim@example.com',
          'a@example.com\rBcc: victim@example.com',
          'a@example.com\u2028Bcc: x',
        ],
        ...['a@example.com\u0085Bcc: x', 'a@example.com\u0000', 'a@example.com\t', 'a@=?utf-8?q?=0d=0aBcc:?=.com'],
      ]) {
        assertFaults(await ask(token, mail(loginId)), 'loginId')
      }
      assert.equal(server.mails.length, before)
      // Encoded words are letters of a mailbox like others: they come out as they went in.
      const language = { 'accept-language': 'en;q=1, Subject: x' }
      assertDone(await ask(token, mail('=?utf-8?q?x?=@example.com'), language))
      const got = server.lastTo('=?utf-8?q?x?=@example.com')
      assert.deepEqual(got.recipients, ['=?utf-8?q?x?=@example.com'])
      assert.doesNotMatch(got.head, /^(?:Bcc|Cc):/im)
      assert.equal(got.head.match(/^Subject:/gim)?.length, 1)
      clock.moveMs(60_000)
    })

    test('an address that only looks like a player’s is written to itself, and never finds the player', async () => {
      const own = mail('paypal.fan@example.com')
      const token = await on.app.clientToken()
      assertDone(await ask(token, own))
      const ownCode = codeIn(server.lastTo(own.loginId).parts['text/plain'])
      const player = assertDone(await logIn(token, { ...own, loginCode: ownCode }))
      // Letters of other alphabets before the @ name no mailbox here; full-width and Kelvin ones are not folded into it.
      for (const loginId of [
        ...['p\u0430ypal.fan@example.com', '\uff50aypal.fan@example.com', 'paypal.fa\u0578@example.com'],
        ...['paypal\u2024fan@example.com', 'paypal.fan\u200b@example.com', 'pa\u0443pal.fan@example.com'],
        ...['paypal.fan@example.com\u202e', 'paypal.fan\uff20example.com', 'paypal.f\u0131n@example.com'],
      ]) {
        assertFaults(await ask(await on.app.clientToken(), mail(loginId)), 'loginId')
      }
      // A domain in other letters is another domain: its owner gets the mail, and is another player.
      const lookalike = await on.app.clientToken()
      const typed = mail('paypal.fan@ex\u0430mple.com')
      assertDone(await ask(lookalike, typed))
      // The server shows the domain of its envelope in letters again; the wire has it in ASCII.
      const got = server.lastTo(typed.loginId)
      assert.match(got.head, /^To: paypal\.fan@xn--exmple-4nf\.com$/m)
      const loginCode = codeIn(got.parts['text/plain'])
      assertRefused(await logIn(lookalike, { ...own, loginCode }), 401, 'invalid_code')
      assert.notEqual(assertDone(await logIn(lookalike, { ...typed, loginCode })).uid, player.uid)
      clock.moveMs(60_000)
    })

    test('a mail that is refused or hangs is answered 503 and leaves no code, not even the one before', async () => {
      const address = mail('unlucky@example.com')
      const token = await on.app.clientToken()
      assertDone(await ask(token, address))
      const older = codeIn(server.lastTo(address.loginId).parts['text/plain'])
      for (const how of ['refuse', 'hang'] as const) {
        clock.moveMs(60_000)
        server.behave(how)
        const answer = await ask(token, address)
        server.behave('take')
        assertRefused(answer, 503, 'code_not_sent')
        assert.equal(answer.headers.get('retry-after'), '60')
        assertRefused(await ask(token, address), 429, 'too_many_requests')
        assertRefused(await logIn(token, { ...address, loginCode: older }), 401, 'invalid_code')
      }
      clock.moveMs(60_000)
      assertDone(await ask(token, address))
      const code = codeIn(server.lastTo(address.loginId).parts['text/plain'])
      assertDone(await logIn(token, { ...address, loginCode: code }))
      clock.moveMs(60_000)
    })

    test('online SMS are off where no gateway is set up', async () => {
      const token = await on.app.clientToken()
      const address = { loginType: SMS, loginId: '+8613800000000' }
      assertRefused(await ask(token, address), 403, 'login_type_unavailable')
      assertRefused(await logIn(token, { ...address, loginCode: '123456' }), 401, 'invalid_code')
    })

    test('the log of all this tells of the failures and shows neither a code nor a whole address', async () => {
      const log = await logText()
      assert.match(log, /a login code was not sent/)
      assert.match(log, /u\*\*\*@example\.com/)
      assert.match(log, /smtp E[A-Z]+ 550/)
      assert.doesNotMatch(log, /unlucky|real\.player|looked\.at|postmaster/i)
      const codes = server.mails.map(({ parts }) => codeIn(parts['text/plain']))
      assert.ok(codes.length >= 4 && codes.every((code) => code !== '' && !log.includes(code)))
    })
  },
  { env: 'online', clock, variables },
)
