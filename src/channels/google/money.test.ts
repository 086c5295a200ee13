import assert from 'node:assert/strict'
import { test } from 'node:test'
import { moneyOf } from './money.ts'

const minor = (currencyCode: string, units?: string, nanos?: number) => {
  const money = moneyOf({
    currencyCode,
    ...(units === undefined ? {} : { units }),
    ...(nanos === undefined ? {} : { nanos }),
  })
  return money && [money.minor, money.currency]
}

test('an amount of Play is counted in minor units of its currency, by digits', () => {
  assert.deepEqual(minor('USD', '19', 990_000_000), [1999, 'USD'])
  assert.deepEqual(minor('USD', '0', 10_000_000), [1, 'USD'])
  assert.deepEqual(minor('USD', undefined, 990_000_000), [99, 'USD'])
  assert.deepEqual(minor('USD', '5'), [500, 'USD'])
  assert.deepEqual(minor('USD'), [0, 'USD'])
  assert.deepEqual(minor('JPY', '14000'), [14_000, 'JPY'])
  assert.deepEqual(minor('KWD', '6', 125_000_000), [6125, 'KWD'])
  // 0.1 + 0.2 by floats would be another sum.
  assert.deepEqual(minor('EUR', '1', 150_000_000), [115, 'EUR'])
})

test('what is smaller than a minor unit is rounded to the nearest', () => {
  assert.deepEqual(minor('USD', '1', 4_999_999), [100, 'USD'])
  assert.deepEqual(minor('USD', '1', 5_000_000), [101, 'USD'])
  assert.deepEqual(minor('USD', '1', 999_999_999), [200, 'USD'])
  assert.deepEqual(minor('JPY', '100', 499_999_999), [100, 'JPY'])
  assert.deepEqual(minor('JPY', '100', 500_000_000), [101, 'JPY'])
  assert.deepEqual(minor('KWD', '0', 499_999), [0, 'KWD'])
})

test('an unknown currency and an amount that cannot be counted exactly are none', () => {
  assert.equal(minor('ABC', '5'), null)
  assert.equal(minor('USD', '999999999999999'), null)
  assert.deepEqual(minor('USD', '90071992547409', 910_000_000), [Number.MAX_SAFE_INTEGER, 'USD'])
})
