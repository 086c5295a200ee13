import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type CurrencyCode, minorUnits } from '../../kernel/money.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import { amountToRefund, REFUND_ATTEMPTS_MAX, refundWaitMs } from './refund-rules.ts'
import type { Cause } from './reversal-rules.ts'

const money = (minor: number, currency = 'USD') => ({ minor: minorUnits(minor), currency: currency as CurrencyCode })
const told = (cause: Partial<Cause>): Cause => ({
  ...{ cause: 'refund', causeId: 'r-1', state: 'taken', lineNo: null, amount: null, occurredAtMs: 1 },
  ...cause,
})
const line = (minor: number, totalMinor = minor, currency = 'USD') => ({
  ...{ lineNo: 1, price: money(minor, currency), totalMinor },
})
const said = (outcome: Outcome<{ minor: number } | null>) =>
  outcome.ok ? (outcome.value?.minor ?? 'all') : outcome.refusal.code

test('a whole payment is asked for as a whole, also where its amount was typed', () => {
  assert.equal(said(amountToRefund({ causes: [], line: line(1999), asked: null })), 'all')
  assert.equal(said(amountToRefund({ causes: [], line: line(1999), asked: '19.99' })), 'all')
  assert.equal(said(amountToRefund({ causes: [], line: line(1999), asked: '19.98' })), 1998)
  assert.equal(said(amountToRefund({ causes: [], line: line(0), asked: null })), 'all')
})

test('after parts of it only the rest can go back', () => {
  const causes = [told({ amount: money(500) }), told({ causeId: 'r-2', amount: money(400) })]
  assert.equal(said(amountToRefund({ causes, line: line(1999), asked: null })), 1099)
  assert.equal(said(amountToRefund({ causes, line: line(1999), asked: '10.99' })), 1099)
  assert.equal(said(amountToRefund({ causes, line: line(1999), asked: '11' })), 'invalid_fields')
  const undone = causes.map((cause) => ({ ...cause, state: 'undone' as const }))
  assert.equal(said(amountToRefund({ causes: undone, line: line(1999), asked: null })), 'all')
})

test('one line of several goes back by its own price, never as the whole payment', () => {
  assert.equal(said(amountToRefund({ causes: [], line: line(1000, 3000), asked: null })), 1000)
  assert.equal(said(amountToRefund({ causes: [], line: line(1000, 3000), asked: '10' })), 1000)
  assert.equal(said(amountToRefund({ causes: [], line: line(1000, 3000), asked: '10.01' })), 'invalid_fields')
  const causes = [told({ lineNo: 2, amount: money(2000) })]
  assert.equal(said(amountToRefund({ causes, line: line(1000, 3000), asked: null })), 1000)
})

test('what is gone, disputed, or gone in another currency is not given back', () => {
  assert.equal(said(amountToRefund({ causes: [told({})], line: line(1999), asked: null })), 'already_refunded')
  const disputed = [told({ cause: 'dispute', state: 'open' })]
  assert.equal(said(amountToRefund({ causes: disputed, line: line(1999), asked: null })), 'payment_disputed')
  const foreign = [told({ amount: money(5, 'EUR') })]
  assert.equal(said(amountToRefund({ causes: foreign, line: line(1999), asked: '1' })), 'invalid_fields')
})

test('an amount has the decimals of its currency', () => {
  for (const [currency, asked, minor] of [
    ['JPY', '1999', 'all'],
    ['JPY', '19.99', 'invalid_fields'],
    ['KWD', '1.998', 1998],
    ['USD', '1.998', 'invalid_fields'],
  ] as const) {
    assert.equal(said(amountToRefund({ causes: [], line: line(1999, 1999, currency), asked })), minor, currency)
  }
})

test('a platform out of reach is asked ever more rarely, for some hours', () => {
  const waits = Array.from({ length: REFUND_ATTEMPTS_MAX }, (_, index) => refundWaitMs(index + 1))
  assert.deepEqual(waits.slice(0, 3), [10_000, 20_000, 40_000])
  assert.equal(waits.at(-1), 60 * 60 * 1000)
  assert.equal(refundWaitMs(10_000), 60 * 60 * 1000)
})
