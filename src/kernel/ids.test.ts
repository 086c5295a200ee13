import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  newMessageId,
  newOrderId,
  newOutboxEventId,
  newPaymentEventId,
  newPaymentId,
  newRequestId,
  newReviewEntryId,
  newSessionId,
  outboxIdsFrom,
  PLAYER_ID_FIRST,
  parsePlayerId,
} from './ids.ts'

const MAKERS = {
  ord: newOrderId,
  pay: newPaymentId,
  evt: newPaymentEventId,
  rev: newReviewEntryId,
  msg: newMessageId,
  ses: newSessionId,
}

test('an id of ours says what it names and holds 128 random bits', () => {
  for (const [prefix, make] of Object.entries(MAKERS)) {
    const made = new Set(Array.from({ length: 1000 }, () => make() as string))
    assert.equal(made.size, 1000)
    for (const id of made) assert.match(id, new RegExp(`^${prefix}_[0-9a-f]{32}$`))
  }
})

test("an outbox event's id holds 80 random bits, and stands behind those of earlier times and of older releases", () => {
  const timeMs = Date.UTC(2026, 10, 1)
  const made = new Set(Array.from({ length: 1000 }, () => newOutboxEventId(timeMs)))
  assert.equal(made.size, 1000)
  for (const id of made) {
    assert.match(id, /^out_t[0-9a-f]{32}$/)
    assert.ok(id > outboxIdsFrom(timeMs) && id < outboxIdsFrom(timeMs + 1))
    assert.ok(id > `out_${'f'.repeat(32)}`)
  }
})

test('an order id of ours has no colon, which only the orders of platforms have', () => {
  assert.equal(newOrderId().includes(':'), false)
})

test('a request id of ours is one that we would take from a caller', () => {
  assert.match(newRequestId(), /^[A-Za-z0-9._-]{1,64}$/)
})

test('the first player is number 10001', () => assert.equal(PLAYER_ID_FIRST, 10001))

test("a player's number is read from a plain decimal string and from nothing else", () => {
  assert.equal(parsePlayerId('10001'), 10001)
  assert.equal(parsePlayerId('999999999999999'), 999_999_999_999_999)
  const wrong = ['', '0', '010001', '-1', '+1', '1.0', '1e4', ' 1', '1 ', '1\n', '0x1', '１', '1000000000000000', 'NaN']
  for (const text of wrong) assert.equal(parsePlayerId(text), null, JSON.stringify(text))
})
