import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { startOidcIssuer } from '../support/oidc-issuer.ts'
import { FACEBOOK, GOOGLE, platformLogins } from '../support/platform-logins.ts'
import { APP_ID } from '../support/test-app.ts'

const AUDIENCE = '1234-abc.apps.googleusercontent.com'
const google = await startOidcIssuer({ clock: systemClock, issuer: 'https://accounts.google.com', audience: AUDIENCE })

/** A platform that takes every call and answers it a byte at a time, without an end. */
const open = new Set<ServerResponse>()
let calls = 0
const slow = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/json' })
  open.add(response)
  calls += 1
  response.on('close', () => open.delete(response))
})
const drip = setInterval(() => {
  for (const response of open) response.write(' ')
}, 50)
slow.listen(0, '127.0.0.1')
await once(slow, 'listening')
after(async () => {
  clearInterval(drip)
  slow.closeAllConnections()
  slow.close()
  await google.stop()
})

const graphUrl = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`
const logins = {
  [APP_ID]: {
    google: { clientIds: [AUDIENCE], keysUrl: google.keysUrl },
    facebook: { appId: '1234567890', appSecret: 'secret', graphUrl },
  },
}
const WAITING = 50

onEveryEngine(
  (on) => {
    test('while fifty logins wait for a platform that never comes to an end, everybody else is served', async () => {
      const facebook = platformLogins(on, FACEBOOK)
      const before = calls
      const waiting = Array.from({ length: WAITING }, (_, n) => facebook.logIn({ credential: `EAAtoken${n}` }))
      while (calls === before) await new Promise((resolve) => setImmediate(resolve))
      const token = await on.app.clientToken()
      const credential = await google.token()
      const served = await on.app.call('POST', '/api/v1/login', { token, body: { loginType: GOOGLE, credential } })
      assertDone(served)
      assertDone(await on.app.call('GET', '/api/v1/store/items', { token }))
      assertDone(await on.app.call('POST', '/api/v1/refresh', { token, body: {} }))
      for (const answer of await Promise.all(waiting)) assertRefused(answer, 503, 'provider_unavailable')
      // Nothing is left hanging at the platform either.
      while (open.size > 0) await new Promise((resolve) => setImmediate(resolve))
    })
  },
  { env: 'online', logins },
)
