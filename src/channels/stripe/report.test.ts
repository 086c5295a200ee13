import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId } from '../../kernel/ids.ts'
import { readStripeReport } from './report.ts'

const LINE = {
  ...{ Currency: 'usd', 'Amount Refunded': '0.00', id: 'ch_1', Status: 'Paid', 'PaymentIntent ID': 'pi_1' },
  ...{ Amount: '19.99', 'Created date (UTC)': '2026-11-01 09:30:00', 'Refunded date (UTC)': '', Mode: 'Live' },
  ...{ Captured: 'true', 'Dispute Status': '', 'Dispute Date (UTC)': '', 'Disputed Amount': '' },
  ...{ 'app_id (metadata)': 'puzzle', 'order_id (metadata)': 'ord_1' },
}
const PAID = {
  ...{ kind: 'paid', ids: ['pi_1', 'ch_1'], orderId: 'ord_1', amount: { minor: 1999, currency: 'USD' } },
  occurredAtMs: Date.parse('2026-11-01T09:30:00Z'),
}

const csv = (...lines: object[]): string =>
  [Object.keys(lines[0] ?? {}), ...lines.map((line) => Object.values(line))]
    .map((cells) => cells.map((cell) => `"${cell}"`).join(','))
    .join('\r\n')
const read = (...changes: object[]) =>
  readStripeReport('puzzle' as AppId, csv(...changes.map((change) => ({ ...LINE, ...change }))))
const rowsOf = (change: object) => {
  const told = read(change)
  assert.ok(told.ok)
  return told.value
}
const faultOf = (told: ReturnType<typeof readStripeReport>) => {
  assert.ok(!told.ok)
  const [{ path, message } = { path: '', message: '' }] = told.refusal.details ?? []
  return `${path}: ${message}`
}

test('what was paid is told by both ids, with its order, in minor units, at its time in UTC', () => {
  assert.deepEqual(rowsOf({}), [PAID])
  const yen = rowsOf({ Currency: 'jpy', Amount: '500', 'Amount Refunded': '0' })
  assert.deepEqual(yen[0]?.amount, { minor: 500, currency: 'JPY' })
  assert.deepEqual(rowsOf({ Amount: '19,99', 'Amount Refunded': '0,00' }), [PAID], 'of an account with decimal commas')
})

test('what went back and what is disputed are lines of their own', () => {
  const refund = { ...PAID, kind: 'refunded', amount: { minor: 500, currency: 'USD' } }
  const atMs = Date.parse('2026-11-03T10:00:00Z')
  const part = { 'Amount Refunded': '5.00', 'Refunded date (UTC)': '2026-11-03 10:00' }
  assert.deepEqual(rowsOf(part), [PAID, { ...refund, occurredAtMs: atMs }])
  assert.deepEqual(rowsOf({ Status: 'Refunded', 'Amount Refunded': '19.99' })[1]?.amount, PAID.amount)
  for (const [status, kind] of [
    ['needs_response', 'disputed'],
    ['Under review', 'disputed'],
    ['lost', 'dispute_lost'],
    ['won', 'dispute_won'],
    ['warning_closed', 'dispute_won'],
  ] as const) {
    const dispute = { 'Dispute Status': status, 'Disputed Amount': '19.99', 'Dispute Date (UTC)': '2026-11-03 10:00' }
    assert.deepEqual(rowsOf(dispute), [PAID, { ...PAID, kind, occurredAtMs: atMs }], status)
  }
})

test('what was not paid, not captured, not live or of another app is left out', () => {
  for (const change of [
    { Status: 'Failed' },
    { Status: 'requires_payment_method', 'PaymentIntent ID': '' },
    { Captured: 'false' },
    { Mode: 'Test' },
    { 'app_id (metadata)': 'farm' },
  ]) {
    assert.deepEqual(rowsOf(change), [], JSON.stringify(change))
  }
})

test('a status that we do not know, and what is no money or time, is refused by its line', () => {
  assert.equal(faultOf(read({}, { Status: 'Settled' })), 'line 3: the Status "Settled" is none that we know')
  assert.match(faultOf(read({ 'Dispute Status': 'lodged' })), /line 2: the Dispute Status "lodged"/)
  assert.match(faultOf(read({ Mode: 'Sandbox' })), /the Mode "Sandbox"/)
  assert.match(faultOf(read({ Amount: '1,999.00' })), /Amount and Currency are no money/)
  assert.match(faultOf(read({ Amount: '19.999' })), /no money/)
  assert.match(faultOf(read({ 'Amount Refunded': 'all' })), /Amount Refunded is no amount/)
  assert.match(faultOf(read({ 'Created date (UTC)': '11/1/26 9:30' })), /is no time/)
  assert.match(faultOf(read({ id: '', 'PaymentIntent ID': '' })), /are no ids/)
})

test('a table of another form is refused by the column that it lacks', () => {
  const { 'PaymentIntent ID': _, ...without } = LINE
  const told = (text: string) => faultOf(readStripeReport('puzzle' as AppId, text))
  assert.match(
    told(csv(without)),
    /the export of payments .* all of its columns.*: the column "PaymentIntent ID" is missing/,
  )
  assert.match(told('Date,Total\n1,2'), /the column "id" is missing/)
  assert.match(told('{"data": "x"}'), /it is no CSV/)
})
