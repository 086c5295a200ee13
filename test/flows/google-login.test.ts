import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { GOOGLE, platformLogins } from '../support/platform-logins.ts'
import { refusedTokens } from '../support/refused-tokens.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const CLIENT = 'game.apps.googleusercontent.com'
const OTHER_CLIENT = 'other.apps.googleusercontent.com'
const issuer = await startOidcIssuer({ clock, issuer: 'https://accounts.google.com', audience: CLIENT })
after(() => issuer.stop())

const { keysUrl } = issuer
const logins = {
  [APP_ID]: { google: { clientIds: [CLIENT, 'android.apps.googleusercontent.com'], keysUrl } },
  [OTHER_APP_ID]: { google: { clientIds: [OTHER_CLIENT], keysUrl } },
}

onEveryEngine(
  (on) => {
    const { logIn, logText } = platformLogins(on, GOOGLE)

    test('online a player logs in with an identity token of Google and is the same player the next time', async () => {
      const first = assertDone(await logIn({ credential: await issuer.token({ sub: '1098765432109876543210' }) }))
      assert.equal(first.is_new, true)
      const again = assertDone(await logIn({ credential: await issuer.token({ sub: '1098765432109876543210' }) }))
      assert.deepEqual([again.uid, again.is_new], [first.uid, false])
      const other = assertDone(await logIn({ credential: await issuer.token() }))
      assert.notEqual(other.uid, first.uid)
    })

    test('both spellings of the issuer, every client id of the game and the exact nonce are taken', async () => {
      const sub = 'taken'
      const ways = [
        { iss: 'accounts.google.com' },
        { aud: 'android.apps.googleusercontent.com' },
        { aud: [CLIENT] },
        { aud: [CLIENT, 'android.apps.googleusercontent.com'], azp: CLIENT },
        // Sign-in on Android: made for the server, asked for by the app.
        { azp: 'android-app.apps.googleusercontent.com' },
        { exp: Math.floor(clock.nowMs() / 1000) - 59 },
        { iat: Math.floor(clock.nowMs() / 1000) + 59 },
        { email: 'somebody@example.com', email_verified: true },
      ]
      for (const way of ways) assertDone(await logIn({ credential: await issuer.token({ sub, ...way }), loginId: sub }))
      assertDone(await logIn({ credential: await issuer.token({ sub, nonce: 'n-0S6_WzA2Mj' }), nonce: 'n-0S6_WzA2Mj' }))
    })

    test('a token that is wrong in any way is refused, each way by its own code, and makes no player', async () => {
      const before = assertDone(await logIn({ credential: await issuer.token() })).uid
      const refusals = await refusedTokens(issuer, { clientId: OTHER_CLIENT })
      const several = await issuer.token({ aud: [CLIENT, CLIENT], azp: OTHER_CLIENT })
      refusals.push({ named: 'azp', code: 'proof_wrong_audience', body: { credential: several } })
      refusals.push({ named: 'access token', code: 'proof_malformed', body: { credential: 'ya29.a0AfB_byC' } })
      for (const { named, code, body } of refusals) {
        const answer = await logIn(body)
        assert.equal(answer.body.error, code, `${named}: ${JSON.stringify(answer.body)}`)
        assertRefused(answer, 401, code)
      }
      assertFaults(await logIn({ credential: `${await issuer.token({ more: 'x'.repeat(8000) })}` }), 'credential')
      const next = assertDone(await logIn({ credential: await issuer.token() })).uid
      assert.equal(Number(next), Number(before) + 1)
    })

    test("a token for one game's client logs nobody in to another game, and there the user is another player", async () => {
      const ours = await issuer.token({ sub: 'both' })
      const theirs = await issuer.token({ sub: 'both', aud: OTHER_CLIENT })
      assertRefused(await logIn({ credential: ours }, OTHER_APP_ID), 401, 'proof_wrong_audience')
      assertRefused(await logIn({ credential: theirs }), 401, 'proof_wrong_audience')
      const here = assertDone(await logIn({ credential: ours }))
      assert.notEqual(assertDone(await logIn({ credential: theirs }, OTHER_APP_ID)).uid, here.uid)
    })

    test('a login type that an app has not set up is refused, and a bare loginId proves nothing', async () => {
      const credential = await issuer.token()
      const token = await on.app.clientToken()
      for (const loginType of [1, 3]) {
        const answer = await on.app.call('POST', '/api/v1/login', { token, body: { loginType, credential } })
        assertRefused(answer, 403, 'login_type_unavailable')
      }
      const bare = await on.app.call('POST', '/api/v1/login', { token, body: { loginType: GOOGLE, loginId: 'both' } })
      assertRefused(bare, 401, 'proof_required')
    })

    test('an outage of Google is told in the log, and nothing of a token is', async () => {
      clock.moveMs(25 * 3_600_000)
      issuer.answerWith('down')
      const credential = await issuer.token({ sub: '1098765432109876543210', email: 'somebody@example.com' })
      assertRefused(await logIn({ credential, nonce: 'n-0S6_WzA2Mj' }), 503, 'provider_unavailable')
      issuer.answerWith('keys')
      clock.moveMs(10_000)
      const text = await logText()
      assert.match(text, /"level":"warn".*"reason":"status 500".*nobody can log in by it/)
      for (const secret of ['eyJ', CLIENT, '1098765432109876543210', 'n-0S6_WzA2Mj', 'somebody@example.com']) {
        assert.ok(!text.includes(secret), secret)
      }
    })
  },
  { env: 'online', clock, logins, variables: { LOG_LEVEL: 'warn' } },
)
