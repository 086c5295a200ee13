import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CLIENT_SENDS_MAX, SMS_SENDS_MAX } from '../../src/features/account/code-rules.ts'
import { openLoginCodes } from '../../src/features/account/index.ts'
import { type AppId, newSessionId } from '../../src/kernel/ids.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL, SMS } from '../support/login-codes.ts'
import { type Answer, APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const clock = fakeClock(Date.UTC(2026, 10, 1, 9, 0))
const JWT_SECRET = 'the-secret-of-this-test-and-of-its-server'
const limited = { JWT_SECRET, RATE_LIMIT_LOGIN_PER_MINUTE: '1000000', TRUSTED_PROXIES: '127.0.0.1' }

const assertTooMany = (answer: Answer, seconds: number): void => {
  assertRefused(answer, 429, 'too_many_requests')
  assert.equal(answer.headers.get('retry-after'), String(seconds))
}

onEveryEngine(
  (on) => {
    const { ask, messageCount, messagesTo } = codeCalls(on)
    const askFrom = async (from: string, loginId: string, appId: string = APP_ID) =>
      ask(
        await on.app.clientToken(appId),
        { loginType: loginId.startsWith('+') ? SMS : MAIL, loginId },
        { 'x-forwarded-for': from },
      )

    test('one client address sets off twenty codes an hour, through however many sessions, apps and addresses', async () => {
      for (let n = 0; n < CLIENT_SENDS_MAX; n++) {
        assertDone(await askFrom('203.0.113.1', `walked-${n}@example.com`, n % 2 === 0 ? APP_ID : OTHER_APP_ID))
        clock.moveMs(MINUTE_MS)
      }
      const before = await messageCount()
      assertTooMany(await askFrom('203.0.113.1', 'walked-on@example.com'), 40 * 60)
      assertTooMany(await askFrom('203.0.113.1', '+8613800000000'), 40 * 60)
      assert.equal(await messageCount(), before)
      assertDone(await askFrom('203.0.113.2', 'walked-on@example.com'))
      clock.moveMs(40 * MINUTE_MS - 1)
      assertTooMany(await askFrom('203.0.113.1', 'walked-over@example.com'), 1)
      clock.moveMs(1)
      assertDone(await askFrom('203.0.113.1', 'walked-over@example.com'))
    })

    test('two addresses of one IPv6 network are one client', async () => {
      for (let n = 0; n < CLIENT_SENDS_MAX; n++) {
        assertDone(await askFrom(`2001:db8:1:2::${n + 1}`, `network-${n}@example.com`))
      }
      assertTooMany(await askFrom('2001:db8:1:2:ffff::1', 'network@example.com'), 60 * 60)
      assertDone(await askFrom('2001:db8:1:3::1', 'network@example.com'))
    })

    test('sends that another limit refuses cost the client nothing', async () => {
      assertDone(await askFrom('203.0.113.3', 'popular@example.com'))
      for (let n = 0; n < CLIENT_SENDS_MAX; n++) assertTooMany(await askFrom('203.0.113.4', 'popular@example.com'), 60)
      assertDone(await askFrom('203.0.113.4', 'less-popular@example.com'))
    })

    test('a hundred requests of one client at once set off twenty codes', async () => {
      const tokens = await Promise.all(Array.from({ length: 100 }, () => on.app.clientToken()))
      const headers = { 'x-forwarded-for': '203.0.113.5' }
      const answers = await Promise.all(
        tokens.map((token, n) => ask(token, { loginType: MAIL, loginId: `flood-${n}@example.com` }, headers)),
      )
      assert.equal(answers.filter(({ status }) => status === 200).length, CLIENT_SENDS_MAX)
      let sent = 0
      for (const n of answers.keys()) sent += (await messagesTo(`flood-${n}@example.com`)).length
      assert.equal(sent, CLIENT_SENDS_MAX)
    })

    test('an app sends a thousand SMS an hour, whoever asks; mail and another app go on', async () => {
      clock.moveMs(HOUR_MS - (clock.nowMs() % HOUR_MS) + 15 * MINUTE_MS)
      // Another process of the same server has sent all of them but one.
      const { kv } = on.app.service
      const codes = openLoginCodes({ kv, clock, secret: JWT_SECRET, countAddresses: true })
      for (let n = 1; n < SMS_SENDS_MAX; n++) {
        const address = `+1415555${String(n).padStart(4, '0')}`
        const purpose = { appId: APP_ID as AppId, sessionId: newSessionId(), provider: 'sms' as const, address }
        assert.ok((await codes.takeSend(purpose, { from: `2001:db8:${n}::/64` })).taken)
      }
      assertDone(await askFrom('203.0.113.6', '+8613800000001'))
      assertTooMany(await askFrom('203.0.113.6', '+8613800000002'), 45 * 60)
      assertDone(await askFrom('203.0.113.6', 'no-sms@example.com'))
      assertDone(await askFrom('203.0.113.6', '+8613800000002', OTHER_APP_ID))
      clock.moveMs(45 * MINUTE_MS)
      // What was refused has cost its number nothing.
      assertDone(await askFrom('203.0.113.6', '+8613800000002'))
    })
  },
  { clock, variables: limited },
)

onEveryEngine(
  (on) => {
    const { ask } = codeCalls(on)
    test('where calls are not limited by address, codes are not either', async () => {
      for (let n = 0; n <= CLIENT_SENDS_MAX; n++) {
        assertDone(await ask(await on.app.clientToken(), { loginType: MAIL, loginId: `alone-${n}@example.com` }))
      }
    })
  },
  { clock },
)
