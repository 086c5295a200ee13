import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { startGraphServer } from '../support/graph-server.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { FACEBOOK, platformLogins } from '../support/platform-logins.ts'
import { refusedTokens } from '../support/refused-tokens.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const app = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }
const OTHER_FACEBOOK_APP = '999999999999999'
const issuer = await startOidcIssuer({ clock, issuer: 'https://www.facebook.com', audience: app.appId })
const graph = await startGraphServer(app)
after(async () => {
  await issuer.stop()
  await graph.stop()
})

const facebook = { ...app, graphUrl: graph.url, keysUrl: issuer.keysUrl }
const logins = {
  [APP_ID]: { facebook },
  [OTHER_APP_ID]: { facebook: { ...facebook, appId: OTHER_FACEBOOK_APP } },
}

onEveryEngine(
  (on) => {
    const { logIn } = platformLogins(on, FACEBOOK)

    test('a player of Limited Login logs in and is the one who logged in with an access token before', async () => {
      graph.issue('EAAclassic', { userId: '4567890' })
      const classic = assertDone(await logIn({ credential: 'EAAclassic' }))
      const calls = graph.calls.length
      const limited = assertDone(await logIn({ credential: await issuer.token({ sub: '4567890' }) }))
      const nonce = 'of-this-attempt'
      const again = assertDone(await logIn({ credential: await issuer.token({ sub: '4567890', nonce }), nonce }))
      assert.deepEqual([classic.is_new, limited.is_new, again.is_new], [true, false, false])
      assert.deepEqual([limited.uid, again.uid], [classic.uid, classic.uid])
      // The Graph cannot read such a token, and is not asked about it.
      assert.equal(graph.calls.length, calls)
    })

    test('a token that is wrong in any way is refused, each way by its own code, and makes no player', async () => {
      const before = assertDone(await logIn({ credential: await issuer.token() })).uid
      const calls = graph.calls.length
      const refusals = await refusedTokens(issuer, { clientId: OTHER_FACEBOOK_APP })
      const secret = issuer.written({ header: { alg: 'HS256' }, by: { hmac: app.appSecret } })
      refusals.push({ named: 'HS256 by the app secret', code: 'proof_wrong_algorithm', body: { credential: secret } })
      for (const { named, code, body } of refusals) {
        const answer = await logIn(body)
        // Without a dot it is an access token that nobody knows.
        const expected = body.credential.includes('.') ? code : 'invalid_proof'
        assert.equal(answer.body.error, expected, `${named}: ${JSON.stringify(answer.body)}`)
        assertRefused(answer, 401, expected)
      }
      assertFaults(await logIn({ credential: await issuer.token({ more: 'x'.repeat(8000) }) }), 'credential')
      const next = assertDone(await logIn({ credential: await issuer.token() })).uid
      assert.equal(Number(next), Number(before) + 1)
      assert.equal(graph.calls.length, calls + 1, 'of the word without a dot')
    })

    test("a token for one game's app logs nobody in to another game", async () => {
      const credential = await issuer.token()
      assertRefused(await logIn({ credential }, OTHER_APP_ID), 401, 'proof_wrong_audience')
      assertDone(await logIn({ credential: await issuer.token({ aud: OTHER_FACEBOOK_APP }) }, OTHER_APP_ID))
    })

    test('while the keys are out of reach and not known nobody gets in', async () => {
      clock.moveMs(25 * 3_600_000)
      issuer.answerWith('down')
      const answer = await logIn({ credential: await issuer.token() })
      issuer.answerWith('keys')
      assertRefused(answer, 503, 'provider_unavailable')
      assert.equal(answer.headers.get('retry-after'), '10')
      clock.moveMs(10_000)
    })
  },
  { env: 'online', clock, logins },
)
