import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { playerRow, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { signedRequest } from '../support/signed-request.ts'
import { APP_ID, APP_SECRET, OTHER_APP_ID } from '../support/test-app.ts'

const SECRET = 'facebook-secret-of-the-first-app'
const APPS = [
  { appId: APP_ID, appSecret: APP_SECRET, logins: { facebook: { appId: '1234567890', appSecret: SECRET } } },
  { appId: OTHER_APP_ID, appSecret: 'other-app-secret' },
]

onEveryEngine(
  (on) => {
    const send = (call: 'deletion' | 'deauthorize', signed: string, appId = APP_ID) =>
      on.app.call('POST', `/identity/facebook/${appId}/${call}`, {
        body: `signed_request=${encodeURIComponent(signed)}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
    const signed = (userId: string, agoMs = 0) => signedRequest(SECRET, { userId, issuedAtMs: Date.now() - agoMs })

    test('a signed request for deletion is answered a code and the address of a page that says it is done', async () => {
      const { token, uid } = await on.app.logIn('fb-4711')
      const request = signed('fb-4711')
      const { url, confirmation_code } = assertDone(await send('deletion', request))
      assert.equal(url, `${on.app.url}/deletion/${confirmation_code}`)
      assert.match(confirmation_code, /^[0-9a-f]{32}$/)
      assert.equal((await playerRow(on.app, uid)).status, 'erased')
      assertRefused(await on.app.call('POST', '/api/v1/refresh', { token, body: {} }), 401, 'session_revoked')
      assert.match(await (await fetch(url)).text(), /Your data has been deleted\./)
      const again = await on.app.logIn('fb-4711')
      assert.equal(assertDone(await send('deletion', request)).confirmation_code, confirmation_code)
      assert.equal((await playerRow(on.app, again.uid)).status, 'active')
    })

    test('a signed notice of a removed app ends the sessions and keeps the login', async () => {
      const { token, uid } = await on.app.logIn('fb-4712')
      assertDone(await send('deauthorize', signed('fb-4712')))
      assertRefused(await on.app.call('POST', '/api/v1/refresh', { token, body: {} }), 401, 'session_revoked')
      assert.equal((await on.app.logIn('fb-4712')).uid, uid)
    })

    test('what Facebook has not signed for this app changes nothing', async () => {
      const { uid } = await on.app.logIn('fb-4713')
      const before = await stateOf(on.app)
      const good = signed('fb-4713')
      const forged = [
        signedRequest('another secret', { userId: 'fb-4713', issuedAtMs: Date.now() }),
        signedRequest(SECRET, { userId: 'fb-4713', issuedAtMs: Date.now(), algorithm: 'none' }),
        signed('fb-4713', 2 * 24 * 60 * 60 * 1000),
        good.slice(0, -1),
        `x${good}`,
        good.split('.')[1] ?? '',
        '',
      ]
      for (const call of ['deletion', 'deauthorize'] as const) {
        for (const one of forged) assertRefused(await send(call, one), 401, 'invalid_proof')
        assertRefused(await send(call, good, OTHER_APP_ID), 404, 'not_found')
      }
      assert.deepEqual(await stateOf(on.app), before)
      assert.equal((await playerRow(on.app, uid)).status, 'active')
    })
  },
  { variables: { APPS: JSON.stringify(APPS) } },
)
