import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, OutboxEventId } from '../../kernel/ids.ts'
import { signEvent, signingKey } from './sign-event.ts'

const EVENT = {
  ...{ event_id: 'out_t1' as OutboxEventId, event_seq: 3, app_id: 'game' as AppId, type: 'order.completed' },
  ...{ payload: '{"uid":"10001","price":19.99,"note":"金币"}', created_at_ms: Date.UTC(2026, 0, 2, 3, 4, 5) },
}
const FIRST = 'whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3'
const SECOND = 'whsec_NzY1NDMyMTBmZWRjYmE5ODc2NTQzMjEw'

test('an event is signed as the scheme says, to the byte', () => {
  const { body, headers } = signEvent(EVENT, { keys: [signingKey(FIRST)], nowMs: 1_767_323_045_999 })
  assert.equal(
    body,
    '{"type":"order.completed","timestamp":"2026-01-02T03:04:05.000Z","data":{"app_id":"game","event_seq":3,"uid":"10001","price":19.99,"note":"金币"}}',
  )
  assert.deepEqual(
    [headers['webhook-id'], headers['webhook-timestamp'], headers['content-type']],
    ['out_t1', '1767323045', 'application/json'],
  )
  // Computed by another program: openssl dgst -sha256 -mac HMAC, over the id, the seconds and the body.
  assert.equal(headers['webhook-signature'], 'v1,SYuxKmnHCBzvNNNLOwJJ386FMrOZa7ZQczPifzdEHlY=')
})

test('two secrets make two signatures, the newest first, and each attempt signs its own time', () => {
  const keys = [SECOND, FIRST].map(signingKey)
  const [one, later] = [1_767_323_045_000, 1_767_323_105_000].map((nowMs) => signEvent(EVENT, { keys, nowMs }))
  const signatures = one?.headers['webhook-signature']?.split(' ') ?? []
  assert.equal(signatures.length, 2)
  assert.equal(signatures[1], 'v1,SYuxKmnHCBzvNNNLOwJJ386FMrOZa7ZQczPifzdEHlY=')
  assert.equal(one?.body, later?.body)
  assert.equal(one?.headers['webhook-id'], later?.headers['webhook-id'])
  assert.notEqual(one?.headers['webhook-signature'], later?.headers['webhook-signature'])
})
