import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FAILURES_MAX } from '../../src/features/account/lockout-rules.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type Guest, guestCalls, proofOf } from '../support/guest-calls.ts'
import { codeCalls, MAIL } from '../support/login-codes.ts'
import { type Answer, APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const SECOND_MS = 1000
const DAY_MS = 24 * 3600 * SECOND_MS
// Calls are limited by address, so failures are counted by it too; no test comes near the limit itself.
const variables = { RATE_LIMIT_LOGIN_PER_MINUTE: '1000000', TRUSTED_PROXIES: '127.0.0.1' }

let addresses = 0
/** An address that no other test comes from. */
const newAddress = (): string => {
  addresses += 1
  return `198.51.${100 + (addresses >> 8)}.${addresses & 255}`
}

onEveryEngine(
  (on) => {
    const { makeGuest } = guestCalls(on)
    /** Each time on a session of its own: no session counts. */
    const logIn = async (from: string, body: object, appId: string = APP_ID): Promise<Answer> =>
      on.app.call('POST', '/api/v1/login', {
        token: await on.app.clientToken(appId),
        body,
        headers: { 'x-forwarded-for': from },
      })
    const rightly = (from: string, guest: Guest) => logIn(from, { loginType: 0, ...proofOf(guest) })
    const wrongly = (from: string, guest: Guest) =>
      logIn(from, { loginType: 0, loginId: guest.loginId, credential: 'wrong' })
    const failOften = async (count: number, fail: () => Promise<Answer>) => {
      for (let n = 0; n < count; n++) assertRefused(await fail(), 401, 'invalid_credential')
    }
    const assertLocked = (answer: Answer, seconds: number): void => {
      assertRefused(answer, 429, 'login_locked')
      assert.equal(answer.headers.get('retry-after'), String(seconds))
    }

    test('after ten failures the right credential waits too, half a minute to the millisecond', async () => {
      const [guest, from] = [await makeGuest(), newAddress()]
      await failOften(FAILURES_MAX.pair, () => wrongly(from, guest))
      assertLocked(await wrongly(from, guest), 30)
      assertLocked(await rightly(from, guest), 30)
      clock.moveMs(30 * SECOND_MS - 1)
      assertLocked(await rightly(from, guest), 1)
      clock.moveMs(1)
      assert.equal(assertDone(await rightly(from, guest)).uid, guest.uid)
    })

    test('each further failure locks for twice as long, up to an hour; what is refused while locked is none', async () => {
      const [guest, from] = [await makeGuest(), newAddress()]
      await failOften(FAILURES_MAX.pair, () => wrongly(from, guest))
      for (const seconds of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]) {
        for (let n = 0; n < 5; n++) assertLocked(await wrongly(from, guest), seconds)
        clock.moveMs(seconds * SECOND_MS)
        await failOften(1, () => wrongly(from, guest))
      }
    })

    test('a right login begins anew', async () => {
      const [guest, from] = [await makeGuest(), newAddress()]
      for (let round = 0; round < 2; round++) {
        await failOften(FAILURES_MAX.pair - 1, () => wrongly(from, guest))
        assertDone(await rightly(from, guest))
      }
    })

    test('failures are forgotten a day after the last one', async () => {
      const [guest, from] = [await makeGuest(), newAddress()]
      await failOften(FAILURES_MAX.pair - 1, () => wrongly(from, guest))
      clock.moveMs(DAY_MS - 1)
      await failOften(1, () => wrongly(from, guest))
      assertLocked(await rightly(from, guest), 30)
      clock.moveMs(DAY_MS)
      await failOften(FAILURES_MAX.pair - 1, () => wrongly(from, guest))
      assertDone(await rightly(from, guest))
    })

    test('a lock is of one identity from one address: its player elsewhere and another player here go on', async () => {
      const [guest, other, from] = [await makeGuest(), await makeGuest(), newAddress()]
      await failOften(FAILURES_MAX.pair, () => wrongly(from, guest))
      assertLocked(await rightly(from, guest), 30)
      assertDone(await rightly(newAddress(), guest))
      assertDone(await rightly(from, other))
      const elsewhere = { loginType: 0, ...proofOf(guest) }
      assertRefused(await logIn(from, elsewhere, OTHER_APP_ID), 401, 'invalid_credential')
    })

    test('twenty failures of one address lock it for whoever is new there, and right logins make up for some', async () => {
      const [guest, other, from] = [await makeGuest(), await makeGuest(), newAddress()]
      const victims = await Promise.all(Array.from({ length: FAILURES_MAX.address / 5 }, () => makeGuest()))
      for (const victim of victims) await failOften(5, () => wrongly(from, victim))
      assertLocked(await rightly(from, guest), 30)
      assertDone(await rightly(newAddress(), guest))
      clock.moveMs(30 * SECOND_MS)
      for (let n = 0; n < 3; n++) assertDone(await rightly(from, guest))
      await failOften(3, () => wrongly(from, guest))
      assertLocked(await rightly(from, other), 30)
    })

    test('whoever has logged in where they are is kept out there by no stranger, at the address or at the identity', async () => {
      const [guest, stranger, home] = [await makeGuest(), await makeGuest(), newAddress()]
      assertDone(await rightly(home, guest))
      // A neighbour behind the same address, who keeps it locked for an hour.
      for (let n = 0; n < FAILURES_MAX.address + 8; n++) {
        clock.moveMs(3600 * SECOND_MS)
        assertRefused(await wrongly(home, await makeGuest()), 401, 'invalid_credential')
      }
      assertLocked(await rightly(home, stranger), 3600)
      assert.equal(assertDone(await rightly(home, guest)).uid, guest.uid)
      // Many who guess at the one identity, from everywhere.
      for (let n = 0; n < FAILURES_MAX.identity / 5; n++) {
        const from = newAddress()
        await failOften(5, () => wrongly(from, guest))
      }
      assertLocked(await rightly(newAddress(), guest), 30)
      assert.equal(assertDone(await rightly(home, guest)).uid, guest.uid)
      // Their own address is no way round the pair's lock.
      await failOften(FAILURES_MAX.pair, () => wrongly(home, guest))
      assertLocked(await rightly(home, guest), 3600)
    })

    test('a hundred failures from anywhere lock an identity everywhere', async () => {
      const guest = await makeGuest()
      for (let n = 0; n < FAILURES_MAX.identity / 5; n++) {
        const from = newAddress()
        await failOften(5, () => wrongly(from, guest))
      }
      assertLocked(await rightly(newAddress(), guest), 30)
      clock.moveMs(30 * SECOND_MS)
      assertDone(await rightly(newAddress(), guest))
    })
  },
  { env: 'online', clock, variables },
)

onEveryEngine(
  (on) => {
    const { logInAnew, makeGuest } = guestCalls(on)
    const { ask, codeFor, logIn } = codeCalls(on)
    const mail = (loginId: string) => ({ loginType: MAIL, loginId })

    test('codes for one mail address count together however it is typed, also those for linking', async () => {
      const { token } = await on.app.logIn('guesses-codes')
      const typed = ['Guessed@example.com', 'guessed@EXAMPLE.com', 'guessed@example.com']
      for (let n = 0; n < FAILURES_MAX.pair; n++) {
        const body = { ...mail(typed[n % 3] ?? ''), loginCode: '000000' }
        const path = n % 2 === 0 ? '/api/v1/login' : '/api/v1/account/link'
        assertRefused(await on.app.call('POST', path, { token, body }), 401, 'invalid_code')
      }
      const asker = await on.app.clientToken()
      assertDone(await ask(asker, mail('guessed@example.com')))
      const right = { ...mail('guessed@example.com'), loginCode: await codeFor('guessed@example.com') }
      assertRefused(await logIn(asker, right), 429, 'login_locked')
      assertRefused(await on.app.call('POST', '/api/v1/account/link', { token, body: right }), 429, 'login_locked')
      clock.moveMs(30 * SECOND_MS)
      // It was not looked at, and not used up.
      assertDone(await logIn(asker, right))
    })

    test('a bare id in local has no proof to guess at, and is never locked', async () => {
      const guest = await makeGuest()
      for (let n = 0; n < FAILURES_MAX.pair; n++) {
        assertRefused(await logInAnew({ loginId: guest.loginId, credential: 'wrong' }), 401, 'invalid_credential')
      }
      assertRefused(await logInAnew(proofOf(guest)), 429, 'login_locked')
      assert.equal(assertDone(await logInAnew({ loginId: guest.loginId })).uid, guest.uid)
    })

    test('where calls are not limited by address, no address is locked', async () => {
      for (let n = 0; n <= FAILURES_MAX.address; n++) {
        const { loginId } = await makeGuest()
        assertRefused(await logInAnew({ loginId, credential: 'wrong' }), 401, 'invalid_credential')
      }
    })
  },
  { clock },
)
