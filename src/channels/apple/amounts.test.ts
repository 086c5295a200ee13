import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { majorNumber } from '../../kernel/money.ts'
import { priceOf, revokedAmount } from './amounts.ts'
import type { Transaction } from './wire.ts'

const transaction = (more: Partial<Transaction>): Transaction => ({
  ...{ transactionId: '1', productId: '1', type: 'Consumable', signedDate: 0, currency: 'USD', price: 19_990 },
  ...more,
})
const minorOf = (more: Partial<Transaction>, priceRule: 'platform' | 'catalogue' = 'platform') => {
  const price = priceOf(transaction(more), { priceRule })
  return price.ok ? price.value.minor : price.refusal.details?.[0]?.path
}

test('thousandths become the decimals of each currency, exactly', () => {
  const amounts = fc.integer({ min: 0, max: 10 ** 12 })
  fc.assert(
    fc.property(amounts, fc.constantFrom('USD', 'JPY', 'KWD', 'CNY', 'TND', 'KRW'), (minor, currency) => {
      const digits =
        new Map([
          ['JPY', 0],
          ['KRW', 0],
          ['KWD', 3],
          ['TND', 3],
        ]).get(currency) ?? 2
      const told = transaction({ currency, price: minor * 10 ** (3 - digits) })
      for (const priceRule of ['platform', 'catalogue', 'order'] as const) {
        const price = priceOf(told, { priceRule })
        assert.ok(price.ok)
        assert.equal(price.value.minor, minor)
        assert.equal(Math.round(majorNumber(price.value) * 1000), told.price)
      }
    }),
  )
})

test('what lies between two amounts is the nearest where it is only shown, and no price where it is compared', () => {
  const shown = [19_990, 19_994, 19_995, 19_999].map((price) => minorOf({ price }))
  assert.deepEqual(shown, [1999, 1999, 2000, 2000])
  assert.deepEqual([minorOf({ currency: 'JPY', price: 499 }), minorOf({ currency: 'JPY', price: 500 })], [0, 1])
  assert.equal(minorOf({ price: 19_995 }, 'catalogue'), 'price')
  assert.equal(minorOf({ price: Number.MAX_SAFE_INTEGER }), Math.round(Number.MAX_SAFE_INTEGER / 10))
  assert.deepEqual([minorOf({ currency: 'XXX' }), minorOf({ price: undefined } as object)], ['currency', 'price'])
})

test('a share that went back is rounded down, and the whole is no share', () => {
  const back = (more: Partial<Transaction>) => {
    const amount = revokedAmount(transaction({ revocationDate: 1, ...more }))
    return amount.ok ? (amount.value?.minor ?? null) : 'refused'
  }
  assert.deepEqual(
    [back({}), back({ revocationType: 'REFUND_FULL' }), back({ revocationPercentage: 100_000 })],
    [null, null, null],
  )
  assert.equal(back({ revocationType: 'REFUND_PRORATED', revocationPercentage: 33_333 }), 666)
  assert.equal(back({ revocationType: 'REFUND_PRORATED', revocationPercentage: 0 }), 0)
  assert.equal(back({ revocationPercentage: 50_000, price: 9_007_199_254_740_990 }), 450_359_962_737_049)
  assert.equal(back({ revocationType: 'REFUND_PRORATED' }), 'refused')
})
