import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLoginCodes } from '../../src/features/account/index.ts'
import { FAILURES_MAX } from '../../src/features/account/lockout-rules.ts'
import { type AppId, newSessionId } from '../../src/kernel/ids.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { codeCalls, MAIL, wrongCode } from '../support/login-codes.ts'
import { type Answer, APP_ID } from '../support/test-app.ts'

const clock = fakeClock()

/** The code was wrong or used up, or so many tries had failed before that it was not looked at. */
function assertNotLetIn(answer: Answer): void {
  if (answer.status === 429) assertRefused(answer, 429, 'login_locked')
  else assertRefused(answer, 401, 'invalid_code')
}

onEveryEngine(
  (on) => {
    const { ask, logIn, logInByQuery, codeFor, messagesTo } = codeCalls(on)
    const asked = async (loginId: string) => {
      const address = { loginType: MAIL, loginId }
      const token = await on.app.clientToken()
      assertDone(await ask(token, address))
      return { token, address, code: await codeFor(loginId) }
    }

    test('one code used a hundred times at once lets one in', async () => {
      for (const round of [1, 2, 3]) {
        const { token, address, code } = await asked(`hundred-${round}@example.com`)
        const uses = Array.from({ length: 100 }, (_, n) =>
          (n % 2 === 0 ? logIn : logInByQuery)(token, { ...address, loginCode: code }),
        )
        const answers = await Promise.all(uses)
        const refused = answers.filter(({ status }) => status !== 200)
        assert.equal(refused.length, 99)
        for (const answer of refused) assertNotLetIn(answer)
      }
    })

    test('of two workers that read the same code before either has used it, one lets in', async () => {
      const { kv } = on.app.service
      const secret = 'the secret that all workers have'
      const worker = () => openLoginCodes({ kv, clock, secret, countAddresses: false })
      for (let round = 0; round < 20; round++) {
        const purpose = {
          appId: APP_ID as AppId,
          sessionId: newSessionId(),
          provider: 'email' as const,
          address: 'a@b.com',
        }
        const { code } = await worker().issue(purpose)
        const uses = await Promise.all([worker(), worker(), worker()].map((each) => each.redeem({ ...purpose, code })))
        assert.deepEqual(uses.toSorted(), [false, false, true])
      }
    })

    test('a hundred wrong guesses at once leave no try for the right code', async () => {
      const { token, address, code } = await asked('guessed@example.com')
      const guesses = Array.from({ length: 100 }, (_, n) => wrongCode(code, n + 1))
      const answers = await Promise.all(guesses.map((loginCode) => logIn(token, { ...address, loginCode })))
      for (const answer of answers) assertNotLetIn(answer)
      assert.equal(answers.filter(({ status }) => status === 401).length, FAILURES_MAX.pair)
      assertRefused(await logIn(token, { ...address, loginCode: code }), 429, 'login_locked')
      clock.moveMs(30_000)
      assertRefused(await logIn(token, { ...address, loginCode: code }), 401, 'invalid_code')
    })

    test('twenty sessions ask for a code for one address at once: one mail is sent', async () => {
      const tokens = await Promise.all(Array.from({ length: 20 }, () => on.app.clientToken()))
      const address = { loginType: MAIL, loginId: 'popular@example.com' }
      const answers = await Promise.all(tokens.map((token) => ask(token, address)))
      const refused = answers.filter(({ status }) => status !== 200)
      assert.equal(refused.length, 19)
      for (const answer of refused) assertRefused(answer, 429, 'too_many_requests')
      assert.equal((await messagesTo(address.loginId)).length, 1)
    })

    test('a session that asks for twenty addresses at once writes to five, and can use one of its codes at most', async () => {
      const token = await on.app.clientToken()
      const addresses = Array.from({ length: 20 }, (_, n) => ({ loginType: MAIL, loginId: `many-${n}@example.com` }))
      const answers = await Promise.all(addresses.map((address) => ask(token, address)))
      const written = addresses.filter((_, n) => answers[n]?.status === 200)
      assert.equal(written.length, 5)
      for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 429, 'too_many_requests')
      const logins: number[] = []
      for (const address of written) {
        const { status } = await logIn(token, { ...address, loginCode: await codeFor(address.loginId) })
        logins.push(status)
      }
      assert.ok(logins.filter((status) => status === 200).length <= 1)
    })
  },
  { clock },
)
