import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL, SMS } from '../support/login-codes.ts'
import { type Answer, APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS

onEveryEngine(
  (on) => {
    const { ask, logIn, codeFor, messagesTo } = codeCalls(on)
    // Each time in a session of its own: it is the address that is protected.
    const askAnew = async (loginId: string, appId: string = APP_ID) =>
      ask(await on.app.clientToken(appId), { loginType: loginId.startsWith('+') ? SMS : MAIL, loginId })
    const assertTooMany = (answer: Answer, seconds: number): void => {
      assertRefused(answer, 429, 'too_many_requests')
      assert.equal(answer.headers.get('retry-after'), String(seconds))
    }

    test('the next code is sent after a minute, to whichever session and however the address is typed', async () => {
      assertDone(await askAnew('minute@example.com'))
      clock.moveMs(18 * SECOND_MS)
      assertTooMany(await askAnew('minute@example.com'), 42)
      assertTooMany(await askAnew('Minute@EXAMPLE.com'), 42)
      clock.moveMs(42 * SECOND_MS - 1)
      assertTooMany(await askAnew('minute@example.com'), 1)
      clock.moveMs(1)
      assertDone(await askAnew('minute@example.com'))
      assert.equal((await messagesTo('minute@example.com')).length, 2)
    })

    test('another address and another app have limits of their own', async () => {
      assertDone(await askAnew('apart@example.com'))
      assertDone(await askAnew('apart-too@example.com'))
      assertDone(await askAnew('apart@example.com', OTHER_APP_ID))
      assertTooMany(await askAnew('apart@example.com', OTHER_APP_ID), 60)
    })

    test('five an hour and ten a day, in windows that slide', async () => {
      const number = '+8613800000009'
      for (let n = 0; n < 5; n++) {
        assertDone(await askAnew(number))
        clock.moveMs(10 * MINUTE_MS)
      }
      assertTooMany(await askAnew(number), 10 * 60)
      clock.moveMs(10 * MINUTE_MS)
      assertDone(await askAnew(number))
      clock.moveMs(HOUR_MS)
      for (let n = 0; n < 4; n++) {
        assertDone(await askAnew(number))
        clock.moveMs(10 * MINUTE_MS)
      }
      // Ten have been sent, the first of them two hours and forty minutes ago.
      const waitMs = 24 * HOUR_MS - (2 * HOUR_MS + 40 * MINUTE_MS)
      assertTooMany(await askAnew(number), waitMs / 1000)
      clock.moveMs(waitMs - 1)
      assertTooMany(await askAnew(number), 1)
      clock.moveMs(1)
      assertDone(await askAnew(number))
      assertTooMany(await askAnew(number), 10 * 60)
    })

    test('a session writes to five addresses a day, and one that it has written to is no further one', async () => {
      const token = await on.app.clientToken()
      const askFor = (n: number) => ask(token, { loginType: MAIL, loginId: `five-${n}@example.com` })
      for (let n = 0; n < 5; n++) {
        assertDone(await askFor(n))
        clock.moveMs(MINUTE_MS)
      }
      assertTooMany(await askFor(5), 24 * 60 * 60 - 5 * 60)
      assertDone(await askFor(0))
      assertDone(await askAnew('five-5@example.com'))
    })

    test('a session sends ten codes a day, also to few addresses; another session goes on', async () => {
      const token = await on.app.clientToken()
      const askFor = (n: number) => ask(token, { loginType: MAIL, loginId: `ten-${n % 3}@example.com` })
      for (let n = 0; n < 10; n++) {
        assertDone(await askFor(n))
        clock.moveMs(MINUTE_MS)
      }
      assertTooMany(await askFor(10), 24 * 60 * 60 - 10 * 60)
      assertDone(await askAnew('ten-1@example.com'))
    })

    test('a send that its address refuses costs the session nothing', async () => {
      const token = await on.app.clientToken()
      const address = { loginType: MAIL, loginId: 'refused@example.com' }
      assertDone(await askAnew(address.loginId))
      for (let n = 0; n < 12; n++) assertTooMany(await ask(token, address), 60)
      for (let n = 0; n < 5; n++) assertDone(await ask(token, { loginType: MAIL, loginId: `after-${n}@example.com` }))
    })

    test('a refused request leaves the code that was sent', async () => {
      const address = { loginType: MAIL, loginId: 'impatient@example.com' }
      const token = await on.app.clientToken()
      assertDone(await ask(token, address))
      assertTooMany(await ask(token, address), 60)
      assertDone(await logIn(token, { ...address, loginCode: await codeFor(address.loginId) }))
    })
  },
  { clock },
)
