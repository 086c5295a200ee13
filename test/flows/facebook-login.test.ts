import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { ErrorCode } from '../../src/kernel/error-codes.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type GraphAnswer, graphError, startGraphServer } from '../support/graph-server.ts'
import { FACEBOOK, platformLogins } from '../support/platform-logins.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const app = { appId: '123456789012345', appSecret: 'the-secret-of-the-facebook-app' }
const OTHER_FACEBOOK_APP = '999999999999999'
const graph = await startGraphServer(app)
after(() => graph.stop())

const facebook = { ...app, graphUrl: `${graph.url}/`, graphVersion: 'v23.0' }
const logins = {
  [APP_ID]: { facebook },
  [OTHER_APP_ID]: { facebook: { ...facebook, appId: OTHER_FACEBOOK_APP, appSecret: 'a-secret-that-is-wrong' } },
}

const nowSeconds = (): number => Math.floor(clock.nowMs() / 1000)
let issued = 0
/** A token that nobody has used yet. */
const issue = (said: { userId?: string; data?: object; me?: object } = {}): string => {
  issued += 1
  const token = `EAAtoken${issued}`
  graph.issue(token, { userId: `40000${issued}`, ...said })
  return token
}

onEveryEngine(
  (on) => {
    const { logIn, logText } = platformLogins(on, FACEBOOK)

    test('online a player logs in with an access token of Facebook and is the same player the next time', async () => {
      const first = assertDone(await logIn({ credential: issue({ userId: '218471' }) }))
      assert.equal(first.is_new, true)
      const token = issue({ userId: '218471', data: { expires_at: nowSeconds() + 3600 } })
      const again = assertDone(await logIn({ credential: token, loginId: '218471' }))
      assert.deepEqual([again.uid, again.is_new], [first.uid, false])
      const numbered = issue({ data: { user_id: 218_471, app_id: Number(app.appId) }, me: { id: 218_471 } })
      assert.equal(assertDone(await logIn({ credential: numbered })).uid, first.uid)
      assert.notEqual(assertDone(await logIn({ credential: issue() })).uid, first.uid)
    })

    test('an access token that is wrong in any way is refused, each way by its own code', async () => {
      const before = assertDone(await logIn({ credential: issue() })).uid
      const stale = { expires_at: nowSeconds() - 61 }
      const expired = { is_valid: false, error: { code: 190, subcode: 463, message: 'Session has expired' } }
      const refusals: [string, ErrorCode, { credential: string; nonce?: string; loginId?: string }][] = [
        ['nobody knows it', 'invalid_proof', { credential: 'EAAunknown' }],
        ['not valid', 'invalid_proof', { credential: issue({ data: { is_valid: false } }) }],
        ['valid in words', 'invalid_proof', { credential: issue({ data: { is_valid: 'true' } }) }],
        ['of another app', 'proof_wrong_audience', { credential: issue({ data: { app_id: OTHER_FACEBOOK_APP } }) }],
        ['of no app', 'invalid_proof', { credential: issue({ data: { app_id: undefined } }) }],
        ['of a page', 'invalid_proof', { credential: issue({ data: { type: 'PAGE' } }) }],
        ['of the app itself', 'invalid_proof', { credential: issue({ data: { type: 'APP' } }) }],
        ['expired, as Facebook says', 'proof_expired', { credential: issue({ data: expired }) }],
        ['expired by our clock', 'proof_expired', { credential: issue({ data: stale }) }],
        ['without an expiry', 'invalid_proof', { credential: issue({ data: { expires_at: undefined } }) }],
        ['of nobody', 'invalid_proof', { credential: issue({ data: { user_id: undefined } }) }],
        ['of an inexact number', 'invalid_proof', { credential: issue({ data: { user_id: 2 ** 53 } }) }],
        ['of somebody else, as /me says', 'invalid_proof', { credential: issue({ me: { id: '1' } }) }],
        ['of nobody, as /me says', 'invalid_proof', { credential: issue({ me: { id: undefined } }) }],
        ['another user than the client says', 'proof_wrong_user', { credential: issue(), loginId: '1' }],
        ['named with a nonce, which it cannot hold', 'proof_wrong_nonce', { credential: issue(), nonce: 'n-1' }],
        ['two words', 'proof_malformed', { credential: 'EAA token' }],
        ['a line break', 'proof_malformed', { credential: 'EAA\r\nHost: evil' }],
        ['another query', 'proof_malformed', { credential: 'EAA&input_token=x' }],
        ['five kilobytes', 'proof_malformed', { credential: `EAA${'x'.repeat(5000)}` }],
      ]
      for (const [named, code, body] of refusals) {
        const answer = await logIn(body)
        assert.equal(answer.body.error, code, `${named}: ${JSON.stringify(answer.body)}`)
        assertRefused(answer, 401, code)
      }
      assertFaults(await logIn({ credential: 'E'.repeat(8193) }), 'credential')
      const next = assertDone(await logIn({ credential: issue() })).uid
      // The one who is somebody else by their own word was proven, and only then refused: no player was made of them.
      assert.equal(Number(next), Number(before) + 1)
    })

    test('what the Graph refuses is told by its code, and whatever it cannot do now is 503', async () => {
      const unavailable = [1, 2, 4, 17, 32, 613, 2500].map((code) => graphError(code))
      const elsewhere = { status: 302, body: '{"id":"1"}', location: `${graph.url}/elsewhere` }
      const answers: [GraphAnswer, number, ErrorCode][] = [
        [graphError(190), 401, 'invalid_proof'],
        [graphError(190, { error_subcode: 467 }), 401, 'invalid_proof'],
        [graphError(190, { error_subcode: 463 }), 401, 'proof_expired'],
        ...[...unavailable, elsewhere, { status: 500, body: '<html>' }, { status: 503, body: '{}' }].map(
          (answer): [GraphAnswer, number, ErrorCode] => [answer, 503, 'provider_unavailable'],
        ),
        [{ status: 200, body: `{"data":"${'x'.repeat(100_000)}"}` }, 503, 'provider_unavailable'],
        [{ status: 200, body: '[]' }, 503, 'provider_unavailable'],
        [{ status: 200, body: 'null' }, 503, 'provider_unavailable'],
        ['hang', 503, 'provider_unavailable'],
      ]
      for (const path of ['debug_token', 'me'] as const) {
        for (const [answer, status, code] of answers) {
          graph.answerWith(path, answer)
          const refusedLogin = await logIn({ credential: issue() })
          assertRefused(refusedLogin, status, code)
          if (status === 503) assert.equal(refusedLogin.headers.get('retry-after'), '10')
        }
        graph.answerWith(path, null)
      }
      graph.answerWith('debug_token', graphError(100))
      assertRefused(await logIn({ credential: issue() }), 401, 'proof_wrong_audience')
      graph.answerWith('debug_token', null)
      graph.answerWith('me', graphError(100))
      assertRefused(await logIn({ credential: issue() }), 503, 'provider_unavailable')
      graph.answerWith('me', null)
      graph.answerWith('debug_token', { status: 200, body: '{"data":[]}' })
      assertRefused(await logIn({ credential: issue() }), 503, 'provider_unavailable')
      graph.answerWith('debug_token', null)
      assert.ok(!graph.calls.some((call) => call.includes('elsewhere')))
    })

    test('a token that was good a moment ago is believed for five minutes, and never beyond its end', async () => {
      const token = issue()
      const first = assertDone(await logIn({ credential: token }))
      const calls = graph.calls.length
      assert.equal(assertDone(await logIn({ credential: token })).uid, first.uid)
      clock.moveMs(299_999)
      assert.equal(assertDone(await logIn({ credential: token })).uid, first.uid)
      assert.equal(graph.calls.length, calls)
      clock.moveMs(1)
      assert.equal(assertDone(await logIn({ credential: token })).uid, first.uid)
      assert.equal(graph.calls.length, calls + 2)

      const short = issue({ data: { expires_at: nowSeconds() + 30 } })
      assertDone(await logIn({ credential: short }))
      clock.moveMs(30_000)
      graph.issue(short, { userId: '1', data: { is_valid: false } })
      assertRefused(await logIn({ credential: short }), 401, 'invalid_proof')
    })

    test('the same token proves nothing to another game', async () => {
      const token = issue()
      assertDone(await logIn({ credential: token }))
      assertRefused(await logIn({ credential: token }, OTHER_APP_ID), 401, 'invalid_proof')
    })

    test('the log says what is wrong with Facebook, and nothing of tokens or secrets', async () => {
      const text = await logText()
      assert.match(text, /"reason":"error 190".*is appSecret right/)
      assert.match(text, /"reason":"timeout"|"reason":"error 1"/)
      for (const secret of [app.appSecret, 'a-secret-that-is-wrong', 'EAA', 'input_token', 'appsecret_proof']) {
        assert.ok(!text.includes(secret), secret)
      }
    })

    test('neither the app secret nor the token of /me stands in an address that is asked', async () => {
      assertDone(await logIn({ credential: issue() }))
      const [debug = '', me = ''] = graph.calls.slice(-2)
      assert.match(debug, /^GET \/v23\.0\/debug_token\?input_token=EAAtoken[0-9]+$/)
      assert.match(me, /^GET \/v23\.0\/me\?fields=id%2Cname%2Cpicture&appsecret_proof=[0-9a-f]{64}$/)
    })
  },
  { env: 'online', clock, logins, variables: { LOG_LEVEL: 'warn' } },
)
