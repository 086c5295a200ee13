import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { APPLE, platformLogins } from '../support/platform-logins.ts'
import { refusedTokens } from '../support/refused-tokens.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const BUNDLE = 'com.example.game'
const OTHER_BUNDLE = 'com.example.other.game'
const issuer = await startOidcIssuer({ clock, issuer: 'https://appleid.apple.com', audience: BUNDLE })
after(() => issuer.stop())

const { keysUrl } = issuer
const logins = {
  [APP_ID]: { apple: { clientIds: [BUNDLE, 'com.example.game.web'], keysUrl } },
  [OTHER_APP_ID]: { apple: { clientIds: [OTHER_BUNDLE], keysUrl } },
}
const SUBJECT = '001234.0123456789abcdef0123456789abcdef.0123'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

onEveryEngine(
  (on) => {
    const { logIn } = platformLogins(on, APPLE)

    test('online a player logs in with an identity token of Apple and is the same player the next time', async () => {
      const first = assertDone(await logIn({ credential: await issuer.token({ sub: SUBJECT }) }))
      const web = { sub: SUBJECT, aud: 'com.example.game.web' }
      const again = assertDone(await logIn({ credential: await issuer.token(web), loginId: SUBJECT }))
      assert.deepEqual([first.is_new, again.is_new, again.uid], [true, false, first.uid])
    })

    test('the nonce is taken as it is and as its SHA-256, and is not asked for where Apple could hold none', async () => {
      const nonce = 'chosen-by-the-client'
      const held: object[] = [{ nonce }, { nonce: sha256(nonce) }, { nonce_supported: false }]
      for (const claims of held) {
        assertDone(await logIn({ credential: await issuer.token({ sub: SUBJECT, ...claims }), nonce }))
      }
      // Whoever knows only the hash, which the token shows, does not know the nonce.
      const shown = await issuer.token({ sub: SUBJECT, nonce: sha256(sha256(nonce)) })
      assertRefused(await logIn({ credential: shown, nonce }), 401, 'proof_wrong_nonce')
      const empty: object[] = [{ nonce_supported: true }, { nonce_supported: 'false' }, { nonce: '' }]
      for (const claims of empty) {
        const credential = await issuer.token({ sub: SUBJECT, ...claims })
        assertRefused(await logIn({ credential, nonce }), 401, 'proof_wrong_nonce')
      }
    })

    test('a token lives for a day at most', async () => {
      const iat = Math.floor(clock.nowMs() / 1000)
      assertDone(await logIn({ credential: await issuer.token({ iat, exp: iat + 86_400 }) }))
      const credential = await issuer.token({ iat, exp: iat + 86_400 + 61 })
      assertRefused(await logIn({ credential }), 401, 'invalid_proof')
    })

    test('a token that is wrong in any way is refused, each way by its own code, and makes no player', async () => {
      const before = assertDone(await logIn({ credential: await issuer.token() })).uid
      for (const { named, code, body } of await refusedTokens(issuer, { clientId: OTHER_BUNDLE })) {
        const answer = await logIn(body)
        assert.equal(answer.body.error, code, `${named}: ${JSON.stringify(answer.body)}`)
        assertRefused(answer, 401, code)
      }
      assertFaults(await logIn({ credential: await issuer.token({ more: 'x'.repeat(8000) }) }), 'credential')
      const next = assertDone(await logIn({ credential: await issuer.token() })).uid
      assert.equal(Number(next), Number(before) + 1)
    })

    test("a token for one game's client logs nobody in to another game", async () => {
      const credential = await issuer.token()
      assertRefused(await logIn({ credential }, OTHER_APP_ID), 401, 'proof_wrong_audience')
      assertDone(await logIn({ credential: await issuer.token({ aud: OTHER_BUNDLE }) }, OTHER_APP_ID))
    })

    test('while Apple is out of reach and its keys are not known nobody gets in', async () => {
      clock.moveMs(25 * 3_600_000)
      issuer.answerWith('down')
      const answer = await logIn({ credential: await issuer.token({ sub: SUBJECT }) })
      issuer.answerWith('keys')
      assertRefused(answer, 503, 'provider_unavailable')
      assert.equal(answer.headers.get('retry-after'), '10')
      clock.moveMs(10_000)
      assertDone(await logIn({ credential: await issuer.token({ sub: SUBJECT }) }))
    })
  },
  { env: 'online', clock, logins },
)
