import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL, SMS } from '../support/login-codes.ts'
import { type SmsAnswer, startSmsGateway } from '../support/sms-gateway.ts'

const clock = fakeClock()
const gateway = await startSmsGateway({ status: 202, body: '{"queued":true}' })
const TWILIO_TAKES = { status: 201, body: '{"sid":"SM1","status":"queued"}' }
const twilio = await startSmsGateway(TWILIO_TAKES)
after(async () => {
  await gateway.stop()
  await twilio.stop()
})

const byPhone = (loginId: string) => ({ loginType: SMS, loginId })
const limits = { countries: ['+86', '+1415'], timeoutMs: 300 }

onEveryEngine(
  (on) => {
    const { ask, logIn } = codeCalls(on)

    test('online a player logs in with the code of the SMS that a gateway got', async () => {
      const token = await on.app.clientToken()
      assertDone(await ask(token, byPhone('+86 138-0000-0000'), { 'accept-language': 'zh' }))
      const request = gateway.requests.at(-1)
      assert.equal(request?.path, 'POST /send?v=1')
      assert.equal(request?.headers['x-api-key'], 'the key')
      assert.equal(request?.headers['content-type'], 'application/json')
      const { to, text, code, ...rest } = JSON.parse(request?.body ?? '')
      assert.deepEqual([to, rest], ['+8613800000000', { language: 'zh', valid_minutes: 5 }])
      assert.ok(text.includes(code) && text.includes('验证码') && text.length <= 70, text)
      const typed = { ...byPhone('+86 (138) 00000000'), loginCode: code }
      assert.equal(assertDone(await logIn(token, typed)).is_new, true)
      assertRefused(await logIn(token, typed), 401, 'invalid_code')
      clock.moveMs(60_000)
    })

    test('a number of another country gets nothing', async () => {
      const before = gateway.requests.length
      const token = await on.app.clientToken()
      for (const loginId of ['+8801711111111', '+14165550100', '+447700900000']) {
        assertFaults(await ask(token, byPhone(loginId)), 'loginId')
      }
      assert.equal(gateway.requests.length, before)
      assertDone(await ask(token, byPhone('+14155550100')))
      const { text } = JSON.parse(gateway.requests.at(-1)?.body ?? '')
      assert.ok(text.length <= 160 && /^[ -~]+$/.test(text), 'one SMS of plain characters')
      clock.moveMs(60_000)
    })

    test('whatever is not 2xx in time is answered 503, is not tried again, and its code is dead', async () => {
      const answers: SmsAnswer[] = [{ status: 500 }, { status: 400 }, { status: 304 }, 'hang', 'drip']
      const elsewhere = `${twilio.url}/elsewhere`
      answers.push({ status: 302, location: elsewhere }, { status: 307, location: elsewhere })
      for (const [n, how] of answers.entries()) {
        const address = byPhone(`+861380000010${n}`)
        const token = await on.app.clientToken()
        gateway.answerWith(how)
        const [before, redirected] = [gateway.requests.length, twilio.requests.length]
        const answer = await ask(token, address)
        gateway.answerWith({ status: 200 })
        assertRefused(answer, 503, 'code_not_sent')
        assert.equal(answer.headers.get('retry-after'), '60')
        assert.deepEqual([gateway.requests.length, twilio.requests.length], [before + 1, redirected])
        const { code } = JSON.parse(gateway.requests.at(-1)?.body ?? '')
        assertRefused(await logIn(token, { ...address, loginCode: code }), 401, 'invalid_code')
      }
      clock.moveMs(60_000)
    })

    test('a provider that was down locks nobody out: a failed send costs a minute and nothing more', async () => {
      const address = byPhone('+8613800000200')
      gateway.answerWith({ status: 500 })
      for (let n = 0; n < 12; n++) {
        const token = await on.app.clientToken()
        assertRefused(await ask(token, address), 503, 'code_not_sent')
        const early = await ask(token, address)
        assertRefused(early, 429, 'too_many_requests')
        assert.equal(early.headers.get('retry-after'), '60')
        clock.moveMs(60_000)
      }
      gateway.answerWith({ status: 200 })
      for (let n = 0; n < 5; n++) {
        assertDone(await ask(await on.app.clientToken(), address))
        clock.moveMs(60_000)
      }
      assertRefused(await ask(await on.app.clientToken(), address), 429, 'too_many_requests')
    })

    test('online mail is off where no mail server is set up', async () => {
      const address = { loginType: MAIL, loginId: 'player@example.com' }
      assertRefused(await ask(await on.app.clientToken(), address), 403, 'login_type_unavailable')
    })
  },
  {
    env: 'online',
    clock,
    variables: {
      SMS: JSON.stringify({
        type: 'http',
        url: `${gateway.url}/send?v=1`,
        headers: { 'X-Api-Key': 'the key' },
        ...limits,
      }),
    },
  },
)

const account = { type: 'twilio', accountSid: 'AC0123456789', authToken: 'tok:en', baseUrl: `${twilio.url}/` }

onEveryEngine(
  (on) => {
    const { ask, logIn } = codeCalls(on)

    test('Twilio is called as it wants to be, and its player logs in', async () => {
      const token = await on.app.clientToken()
      assertDone(await ask(token, byPhone('+8613900000000')))
      const request = twilio.requests.at(-1)
      assert.equal(request?.path, 'POST /2010-04-01/Accounts/AC0123456789/Messages.json')
      assert.equal(request?.headers['content-type'], 'application/x-www-form-urlencoded')
      const basic = Buffer.from('AC0123456789:tok:en').toString('base64')
      assert.equal(request?.headers['authorization'], `Basic ${basic}`)
      const form = new URLSearchParams(request?.body)
      assert.deepEqual([...form.keys()], ['To', 'From', 'Body'])
      assert.deepEqual([form.get('To'), form.get('From')], ['+8613900000000', '+15005550006'])
      const loginCode = /^[0-9]{6}/.exec(form.get('Body') ?? '')?.[0] ?? ''
      assertDone(await logIn(token, { ...byPhone('+8613900000000'), loginCode }))
      clock.moveMs(60_000)
    })

    test('anything but 201 from Twilio is no message', async () => {
      const refusal = JSON.stringify({ code: 21408, message: 'Permission to send to +8613900000001', status: 400 })
      for (const [n, how] of [
        { status: 200 },
        { status: 400, body: refusal },
        { status: 429 },
        'hang' as const,
      ].entries()) {
        const address = byPhone(`+861390000010${n}`)
        const token = await on.app.clientToken()
        twilio.answerWith(how)
        const answer = await ask(token, address)
        twilio.answerWith(TWILIO_TAKES)
        assertRefused(answer, 503, 'code_not_sent')
        assert.doesNotMatch(JSON.stringify(answer.body), /21408|Permission|\+86/)
        const body = new URLSearchParams(twilio.requests.at(-1)?.body).get('Body') ?? ''
        const loginCode = /^[0-9]{6}/.exec(body)?.[0] ?? ''
        assertRefused(await logIn(token, { ...address, loginCode }), 401, 'invalid_code')
      }
      clock.moveMs(60_000)
    })
  },
  { env: 'online', clock, variables: { SMS: JSON.stringify({ ...account, from: '+15005550006', ...limits }) } },
)

onEveryEngine(
  (on) => {
    test('Twilio may choose the number itself, from a messaging service', async () => {
      const { ask } = codeCalls(on)
      assertDone(await ask(await on.app.clientToken(), byPhone('+8613900000002')))
      const form = new URLSearchParams(twilio.requests.at(-1)?.body)
      assert.deepEqual([form.get('MessagingServiceSid'), form.get('From')], ['MG77', null])
    })
  },
  // In local a gateway is used where one is set up, and may write to any country.
  { variables: { SMS: JSON.stringify({ ...account, messagingServiceSid: 'MG77' }) } },
)
