import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPlayReport } from './report.ts'

const APP = 'com.example.puzzle'
const LINE = {
  ...{ 'Order Number': 'GPA.1111-2222-3333-44444', 'Order Charged Date': '2026-11-01' },
  ...{ 'Order Charged Timestamp': '1793525400', 'Financial Status': 'Charged', 'Product Title': 'Coins, many' },
  ...{ 'Product ID': APP, 'Product Type': 'inapp', 'SKU ID': 'coins.starter', 'Currency of Sale': 'TRY' },
  ...{ 'Item Price': '708.33', 'Taxes Collected': '141.66', 'Charged Amount': '849.99', 'Country of Buyer': 'TR' },
}
const PAID = {
  ...{ kind: 'paid', ids: ['GPA.1111-2222-3333-44444'], orderId: null, amount: { minor: 84_999, currency: 'TRY' } },
  occurredAtMs: 1_793_525_400_000,
}

const read = (...changes: object[]) => {
  const lines = changes.map((change) =>
    Object.values({ ...LINE, ...change })
      .map((cell) => `"${cell}"`)
      .join(','),
  )
  return readPlayReport(APP, [Object.keys(LINE).join(','), ...lines].join('\n'))
}
const rowsOf = (...changes: object[]) => {
  const told = read(...changes)
  assert.ok(told.ok)
  return told.value
}
const faultOf = (told: ReturnType<typeof readPlayReport>) => {
  assert.ok(!told.ok)
  const [{ path, message } = { path: '', message: '' }] = told.refusal.details ?? []
  return `${path}: ${message}`
}

test('an order that was charged is told by its number, with all that its buyer paid', () => {
  assert.deepEqual(rowsOf({}), [PAID])
  assert.equal(rowsOf({ 'Charged Amount': '1,234,849.9' })[0]?.amount?.minor, 123_484_990)
})

test('the products of one order are one payment, and what went back of it is one sum', () => {
  const refund = { 'Financial Status': 'Refund', 'Charged Amount': '-849.99' }
  assert.deepEqual(rowsOf({}, { 'SKU ID': 'coins.growth', 'Charged Amount': '100.00' }, refund), [
    { ...PAID, amount: { minor: 94_999, currency: 'TRY' } },
    { ...PAID, kind: 'refunded' },
  ])
})

test('other apps of the account, subscriptions and paid apps are none of this channel', () => {
  assert.deepEqual(
    rowsOf({ 'Product ID': 'com.example.farm' }, { 'Product Type': 'subscription' }, { 'Product Type': 'Paid app' }),
    [],
  )
})

test('what we do not know is refused by its line, and another table by the column that it lacks', () => {
  assert.equal(
    faultOf(read({}, { 'Financial Status': 'Held' })),
    'line 3: the Financial Status "Held" is none that we know',
  )
  assert.match(faultOf(read({ 'Charged Amount': '849,99' })), /no money/)
  assert.match(faultOf(read({ 'Charged Amount': '-849.99' })), /no money/)
  assert.match(faultOf(read({ 'Order Charged Timestamp': '0' })), /no time in Unix seconds/)
  assert.match(faultOf(read({ 'Order Number': '' })), /no id/)
  assert.match(
    faultOf(readPlayReport(APP, 'Description,Transaction Date,Buyer Currency\nGPA.1,1,USD')),
    /the estimated sales report of the Play Console .*: the column "Order Number" is missing/,
  )
})
