import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertFaults, assertRefused } from '../support/answers.ts'
import { stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { APP_ID, OTHER_APP_ID, startApp } from '../support/test-app.ts'

const PATHS = ['apple/:app/events', 'facebook/:app/deletion', 'facebook/:app/deauthorize'] as const
const addressOf = (path: string, appId: string) => `/identity/${path.replace(':app', encodeURIComponent(appId))}`

onEveryEngine((on) => {
  test('where no such platform is set up, and for an app that is none, there is nobody to tell', async () => {
    const before = await stateOf(on.app)
    for (const path of PATHS) {
      for (const appId of [APP_ID, OTHER_APP_ID, 'com.example.nobody']) {
        for (const body of ['', '{}', 'signed_request=x.y', '\u0000', '{"payload":"x.y.z"}', 'x'.repeat(100_000)]) {
          const headers = { 'content-type': 'application/x-www-form-urlencoded' }
          const answer = await on.app.call('POST', addressOf(path, appId), { body, headers })
          assertRefused(answer, 404, 'not_found')
        }
      }
    }
    assert.deepEqual(await stateOf(on.app), before)
  })

  test('what can be no app is a bad field, and too much is too much', async () => {
    for (const path of PATHS) {
      for (const appId of [' ', "'; drop table users; --", 'ü', '-x', 'x'.repeat(129)]) {
        assertFaults(await on.app.call('POST', addressOf(path, appId), { body: '{}' }), 'app_id')
      }
      const answer = await on.app.call('POST', addressOf(path, APP_ID), { body: 'x'.repeat(1024 * 1024 + 1) })
      assertRefused(answer, 413, 'body_too_large')
    }
  })
})

test('an address that keeps sending what no platform sends is no longer heard, for those calls alone', async (t) => {
  const app = await startApp({ variables: { RATE_LIMIT_PER_MINUTE: '20' } })
  t.after(() => app.close())
  const send = (appId = 'com.example.nobody') =>
    app.call('POST', addressOf(PATHS[1], appId), { body: 'signed_request=x.y' })
  let answer = await send()
  for (let sent = 1; sent < 50 && answer.status === 404; sent++) answer = await send()
  assertRefused(answer, 429, 'too_many_requests')
  assertRefused(await app.call('POST', '/webhooks/sandbox', { body: '{}' }), 429, 'too_many_requests')
  assert.equal((await app.call('POST', '/api/v1/token', { body: { appId: APP_ID } })).status, 200)
})
