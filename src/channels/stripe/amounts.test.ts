import assert from 'node:assert/strict'
import { test } from 'node:test'
import { minorUnits, parseCurrency } from '../../kernel/money.ts'
import { fromStripe, toStripe } from './amounts.ts'

function money(minor: number, code: string) {
  const currency = parseCurrency(code)
  assert.ok(currency)
  return { minor: minorUnits(minor), currency }
}

test('money is told in Stripe’s units and back, exactly', () => {
  const pairs: [number, string, number][] = [
    [1999, 'USD', 1999],
    [0, 'EUR', 0],
    [1250, 'TWD', 1250],
    [1250, 'HUF', 1250],
    // Without decimals: the whole unit.
    [500, 'JPY', 500],
    [9_900, 'KRW', 9_900],
    // Two decimals by ISO 4217 and none at Stripe.
    [500_000, 'MGA', 5_000],
    // None by ISO 4217, and two zeros at Stripe.
    [5, 'ISK', 500],
    [5, 'UGX', 500],
    // Three decimals, the last of which is 0.
    [5_120, 'KWD', 5_120],
    [5_120, 'BHD', 5_120],
  ]
  for (const [minor, code, amount] of pairs) {
    const ours = money(minor, code)
    const theirs = { amount, currency: code.toLowerCase() }
    assert.deepEqual(toStripe(ours), theirs, code)
    assert.deepEqual(fromStripe(theirs), ours, code)
  }
})

test('what Stripe cannot charge exactly is refused instead of rounded', () => {
  const largest = Number.MAX_SAFE_INTEGER
  for (const ours of [
    money(5_124, 'KWD'),
    money(50, 'MGA'),
    money(1_000, 'LYD'),
    money(7, 'UYI'),
    money(largest, 'ISK'),
  ]) {
    assert.equal(toStripe(ours), null, ours.currency)
  }
})

test('what Stripe tells that is no amount of a currency that we know is not guessed at', () => {
  for (const [amount, currency] of [
    [501, 'isk'],
    [-1, 'usd'],
    [1.5, 'usd'],
    [2 ** 53, 'usd'],
    [2 ** 50, 'mga'],
    [Number.NaN, 'usd'],
    [1, 'xxx'],
    [1, ''],
    [1, 'lyd'],
  ] as const) {
    assert.equal(fromStripe({ amount, currency }), null, `${amount} ${currency}`)
  }
  assert.equal(fromStripe({ amount: 5_124, currency: 'kwd' })?.minor, 5_124)
})
