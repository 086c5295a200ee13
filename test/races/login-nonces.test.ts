import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openLoginMeans } from '../../src/features/account/index.ts'
import { NONCE_TTL_MS, OPEN_NONCES_MAX } from '../../src/features/account/login-nonces.ts'
import { type ProveDeps, proveIdentity } from '../../src/features/account/prove-identity.ts'
import type { IdentityProvider } from '../../src/identity-providers/identity-provider.ts'
import { type AppId, newSessionId, type SessionId } from '../../src/kernel/ids.ts'
import { accepted, refused } from '../../src/kernel/outcome.ts'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const times = <T>(count: number, one: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => one(n)))

/** A platform whose tokens are `genuine <user> <nonce>`; it compares the nonce as all of them do. */
function platform(nonceRequired: boolean): IdentityProvider & { looks: number } {
  const provider = {
    nonceRequired,
    looks: 0,
    readNotice: null,
    proveFromPage: async () => refused('invalid_proof'),
    prove: async ({ credential, nonce }: { credential: string; nonce: string | null }) => {
      provider.looks += 1
      const [what, subject = '', carried] = credential.split(' ')
      if (what !== 'genuine') return refused('invalid_proof')
      if (nonce !== null && carried !== nonce) return refused('proof_wrong_nonce')
      return accepted({ subject, name: null, avatarUrl: null })
    },
  }
  return provider
}

onEveryEngine(
  (on) => {
    const prover = ({ nonceRequired = true } = {}) => {
      const { database, kv } = on.app.service
      const provider = platform(nonceRequired)
      const means = openLoginMeans({ kv, clock, secret: 'the secret of all workers', countAddresses: false })
      const deps: ProveDeps = {
        ...{ database, ...means, loginTrust: 'proof', identityProviders: { find: () => provider } },
        loginCodes: { codes: means.codes, messengers: { email: null, sms: null } },
      }
      const prove = async (
        sessionId: SessionId,
        { token = 'genuine anna', nonce = null as string | null, loginId = null as string | null } = {},
      ) => {
        const credential = nonce === null ? token : `${token} ${nonce}`
        const outcome = await proveIdentity(deps, {
          session: { appId: APP_ID as AppId, sessionId },
          claim: { loginType: 2, loginId, loginCode: null, credential, nonce },
          origin: { address: '192.0.2.1', userAgent: undefined, deviceId: null, requestId: 'r' },
        })
        return outcome.ok ? outcome.value.subject : outcome.refusal.code
      }
      return { prove, provider, issue: means.nonces.issue }
    }

    test('a hundred proofs with one nonce at once let one in', async () => {
      const { prove, issue } = prover()
      const sessionId = newSessionId()
      const nonce = await issue(sessionId)
      const answers = await times(100, () => prove(sessionId, { nonce }))
      assert.deepEqual(answers.toSorted(), ['anna', ...Array(99).fill('proof_wrong_nonce')])
    })

    test('of processes that have all seen the nonce open, one lets in', async () => {
      const [one, other] = [prover(), prover()]
      const sessionId = newSessionId()
      for (let round = 0; round < 20; round++) {
        const nonce = await one.issue(sessionId)
        const answers = await times(6, (n) => (n % 2 === 0 ? one : other).prove(sessionId, { nonce }))
        assert.equal(answers.filter((answer) => answer === 'anna').length, 1)
      }
    })

    test('without a nonce, with one of another session, one that is used or one that nobody gave out: none is let in', async () => {
      const { prove, issue, provider } = prover()
      const sessionId = newSessionId()
      const nonce = await issue(sessionId)
      const theirs = await issue(newSessionId())
      for (const wrong of [null, theirs, 'made-up', '', `${nonce}A`, nonce.slice(1)]) {
        assert.equal(await prove(sessionId, { nonce: wrong }), 'proof_wrong_nonce')
      }
      assert.equal(provider.looks, 0, 'the platform is not troubled')
      assert.equal(await prove(sessionId, { nonce }), 'anna')
      assert.equal(await prove(sessionId, { nonce }), 'proof_wrong_nonce')
    })

    test('only a genuine proof of the right user uses a nonce up', async () => {
      const { prove, issue } = prover()
      const sessionId = newSessionId()
      const nonce = await issue(sessionId)
      assert.equal(await prove(sessionId, { token: 'forged anna', nonce }), 'invalid_proof')
      assert.equal(await prove(sessionId, { nonce, loginId: 'berta' }), 'proof_wrong_user')
      assert.equal(await prove(sessionId, { nonce, loginId: 'anna' }), 'anna')
    })

    test('a nonce lives ten minutes to the millisecond', async () => {
      const { prove, issue } = prover()
      const sessionId = newSessionId()
      const nonces = [await issue(sessionId), await issue(sessionId)]
      clock.moveMs(NONCE_TTL_MS - 1)
      assert.equal(await prove(sessionId, { nonce: nonces[0] ?? '' }), 'anna')
      clock.moveMs(1)
      assert.equal(await prove(sessionId, { nonce: nonces[1] ?? '' }), 'proof_wrong_nonce')
    })

    test('a session has few nonces open: the newest ones, also when a hundred are asked for at once', async () => {
      const { prove, issue } = prover()
      const sessionId = newSessionId()
      const oldest = await issue(sessionId)
      for (let n = 0; n < OPEN_NONCES_MAX; n++) {
        clock.moveMs(1)
        await issue(sessionId)
      }
      assert.equal(await prove(sessionId, { nonce: oldest }), 'proof_wrong_nonce')
      const asked = await times(100, () => issue(sessionId))
      const answers: string[] = []
      for (const nonce of asked) answers.push(await prove(sessionId, { nonce }))
      assert.equal(answers.filter((answer) => answer === 'anna').length, OPEN_NONCES_MAX)
      assert.equal(await prove(sessionId, { nonce: await issue(sessionId) }), 'anna')
    })

    test('where a platform needs no nonce, one that the client made itself is compared and nothing else', async () => {
      const { prove } = prover({ nonceRequired: false })
      assert.equal(await prove(newSessionId()), 'anna')
      assert.equal(await prove(newSessionId(), { nonce: 'of-the-client' }), 'anna')
    })

    test('a session, logged in or not, is given a nonce that nobody can guess and no cache keeps', async () => {
      const tokens = [await on.app.clientToken(), (await on.app.logIn('asks-for-a-nonce')).token]
      const nonces = new Set<string>()
      for (const token of [...tokens, ...tokens]) {
        const answer = await on.app.call('POST', '/api/v1/login/nonce', { token })
        const { nonce, expires_in } = assertDone(answer)
        assert.equal(answer.headers.get('cache-control'), 'no-store')
        assert.match(nonce, /^[0-9A-Za-z_-]{44}$/)
        assert.equal(expires_in, 600)
        nonces.add(nonce)
      }
      assert.equal(nonces.size, 4)
    })
  },
  { clock },
)
