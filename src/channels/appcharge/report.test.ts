import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readAppchargeReport } from './report.ts'

const ORDER = {
  ...{ acOrderId: 'ac-1', playerId: '10001', state: 'charge_succeed', currency: 'eur' },
  ...{ priceInCents: 2349, subTotal: 1999, tax: 350, createdAt: '2026-11-01T09:30:00.000Z' },
}
const PAID = {
  ...{ orderId: 'ac-1', purchaseId: 'pr_1', timestamp: '2026-11-01T09:30:00Z' },
  transactionDetails: { type: 'paid', amount: 2349, totalTaxAmount: 350, currencyCode: 'EUR' },
}
const AT = Date.parse('2026-11-01T09:30:00Z')

const read = (value: unknown) => readAppchargeReport(typeof value === 'string' ? value : JSON.stringify(value))
const orders = (...results: object[]) => read({ totalCount: results.length, results })
const kindsOf = (state: string) => {
  const told = orders({ ...ORDER, state })
  return told.ok ? told.value.map(({ kind }) => kind).join(' ') : told.refusal.details?.[0]?.message
}
const faultOf = (value: unknown) => {
  const told = read(value)
  assert.ok(!told.ok)
  const [{ path, message } = { path: '', message: '' }] = told.refusal.details ?? []
  return `${path}: ${message}`
}

test('an order that was paid is told with all that its payer was charged, in minor units', () => {
  assert.deepEqual(orders(ORDER), {
    ok: true,
    value: [{ kind: 'paid', ids: ['ac-1'], orderId: null, amount: { minor: 2349, currency: 'EUR' }, occurredAtMs: AT }],
  })
})

test('the state of an order says what was paid, given back and disputed, and one that we do not know is refused', () => {
  for (const [state, kinds] of [
    ['created', ''],
    ['payment_failed', ''],
    ['charge_failed', 'paid'],
    ['payment_refund_pending', 'paid'],
    ['payment_refunded', 'paid refunded'],
    ['payment_dispute_open', 'paid disputed'],
    ['payment_dispute_lost', 'paid dispute_lost'],
    ['payment_dispute_won', 'paid dispute_won'],
    ['payment_dispute_inquiry_open', 'paid'],
    ['payment_settled', 'the state "payment_settled" is none that we know'],
  ] as const) {
    assert.equal(kindsOf(state), kinds, state)
  }
})

test('a transaction is told by both of its names, and what goes back is all of it', () => {
  const details = PAID.transactionDetails
  const refund = { ...PAID, transactionDetails: { ...details, type: 'refund', amount: -2349 } }
  const told = read([
    { results: [PAID], nextCursor: 'more' },
    { results: [refund], nextCursor: null },
  ])
  const names = { ids: ['ac-1', 'purchase:pr_1'], orderId: null, occurredAtMs: AT }
  assert.deepEqual(told.ok && told.value, [
    { ...names, kind: 'paid', amount: { minor: 2349, currency: 'EUR' } },
    { ...names, kind: 'refunded', amount: null },
  ])
  assert.match(
    faultOf({ results: [{ ...PAID, transactionDetails: { ...details, type: 'fee' } }] }),
    /1: the type "fee"/,
  )
})

test('a report of another form, or of which a part is missing, is refused by what it lacks', () => {
  assert.match(faultOf('Date,Total'), /the report: is neither in our own form nor an answer of Appcharge .*no JSON/)
  assert.match(faultOf({ orders: [] }), /no "results"/)
  assert.match(faultOf([]), /no "results"/)
  assert.match(faultOf({ totalCount: 3, results: [ORDER] }), /of 3 orders it has 1/)
  assert.match(faultOf({ results: [PAID], nextCursor: 'more' }), /"nextCursor" names a page/)
  assert.match(faultOf({ results: [{}] }), /result 1: is neither an order nor a transaction/)
  assert.match(faultOf({ results: [ORDER, { ...ORDER, priceInCents: 19.99 }] }), /result 2: priceInCents/)
  assert.match(faultOf({ results: [{ ...ORDER, currency: 'COINS' }] }), /no money/)
  assert.match(faultOf({ results: [{ ...ORDER, createdAt: 'yesterday' }] }), /createdAt is no time/)
  assert.match(faultOf({ results: [{ ...ORDER, acOrderId: 'a b' }] }), /acOrderId is no id/)
})
