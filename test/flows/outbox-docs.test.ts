import assert from 'node:assert/strict'
import { createHmac, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { runInNewContext } from 'node:vm'
import { signSandboxMessage } from '../../src/channels/sandbox/index.ts'
import { assertDone } from '../support/answers.ts'
import { newWebhookSecret, startEventReceiver } from '../support/event-receiver.ts'
import { APP_ID, localApps, payment, startApp } from '../support/test-app.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/webhooks.md'), 'utf8')

type ReadEvent = (raw: string, headers: IncomingHttpHeaders, secret: string) => { id: string; type: string }

test('the code that the page tells game servers to verify with takes our events, and no other', async (t) => {
  const [, code = ''] = /```js\n([\s\S]*?)```/.exec(PAGE) ?? []
  const [, body = ''] = /^import [^\n]*\n([\s\S]*)$/.exec(code) ?? []
  const means = { createHmac, timingSafeEqual, Buffer }
  const readEvent: ReadEvent = runInNewContext(`${body.replace('export function', 'function')}; readEvent`, means)
  const [secret, older] = [newWebhookSecret(), newWebhookSecret()]
  const receiver = await startEventReceiver()
  after(() => receiver.stop())
  const webhooks = { url: receiver.url, secrets: [secret, older] }
  const app = await startApp({ jobs: 'by_hand', variables: { APPS: localApps({ webhooks }) } })
  t.after(() => app.close())
  const { token, uid } = await app.logIn('outbox-docs')
  const paid = payment({ order_id: 'outbox-docs', uid })
  assertDone(await app.call('POST', '/api/v1/payment/success', { token, body: paid }))
  await app.service.jobs.run(`deliver-outbox ${APP_ID}`)
  const [event] = receiver.received
  assert.ok(event)
  const { raw, headers, id } = event
  for (const known of [secret, older]) {
    const { type, id: told } = readEvent(raw, headers, known)
    assert.deepEqual([type, told], ['order.completed', id])
  }
  const wrong = [
    () => readEvent(raw, headers, newWebhookSecret()),
    () => readEvent(raw.replace('10001', '10002'), headers, secret),
    () => readEvent(raw, { ...headers, 'webhook-id': 'out_t2' }, secret),
    () =>
      readEvent(raw, { ...headers, 'webhook-timestamp': String(Number(headers['webhook-timestamp']) - 301) }, secret),
    () => readEvent(raw, { ...headers, 'webhook-timestamp': undefined }, secret),
    () => readEvent(raw, { ...headers, 'webhook-signature': undefined }, secret),
    () =>
      readEvent(raw, { ...headers, 'webhook-signature': signSandboxMessage(secret, { body: raw, nowMs: 1 }) }, secret),
  ]
  for (const read of wrong) assert.throws(read, /not signed by us|too old/)
  // What an event of that type holds stands on the page, field by field.
  const [, shown = ''] = /```json\n(\{"type":"order\.completed".*)\n```/.exec(PAGE) ?? []
  assert.deepEqual(Object.keys(JSON.parse(shown).data), Object.keys(event.data))
})
