import { exponentOf, type Money, minorUnits, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import type { PriceRule } from '../channel.ts'
import type { Transaction } from './wire.ts'

const MILLI_DECIMALS = 3
const WHOLE_PERCENTAGE = 100_000n

/**
 * What the App Store says that a purchase cost. It counts every currency in thousandths, ours in its own decimals: what lies
 * between two of them is no price that can be compared, and is rounded to the nearest where it is only shown.
 */
export function priceOf(transaction: Transaction, { priceRule }: { priceRule: PriceRule }): Outcome<Money> {
  const { price, currency: code } = transaction
  if (price === undefined) return refusedField('price', 'is missing')
  const currency = code === undefined ? null : parseCurrency(code)
  if (currency === null) return refusedField('currency', 'is not an ISO 4217 code that is in use')
  const milliPerMinor = 10 ** (MILLI_DECIMALS - exponentOf(currency))
  const rest = price % milliPerMinor
  if (rest !== 0 && priceRule !== 'platform') return refusedField('price', `is not an amount of ${currency}`)
  const roundedUp = rest * 2 >= milliPerMinor && rest !== 0 ? 1 : 0
  return accepted({ minor: minorUnits((price - rest) / milliPerMinor + roundedUp), currency })
}

/**
 * How much of a purchase went back: null for all of it. Of several that were bought at once some may go back, which Apple
 * tells as a share of all of them. A share is rounded down, so that never more is taken than went back.
 */
export function revokedAmount(transaction: Transaction): Outcome<Money | null> {
  const { revocationType, revocationPercentage } = transaction
  if (revocationPercentage === undefined && revocationType === 'REFUND_PRORATED') {
    return refusedField('revocationPercentage', 'is missing')
  }
  if (!isRevokedInPart(transaction)) return accepted(null)
  const price = priceOf(transaction, { priceRule: 'platform' })
  if (!price.ok) return price
  const minor = (BigInt(price.value.minor) * BigInt(revocationPercentage ?? WHOLE_PERCENTAGE)) / WHOLE_PERCENTAGE
  return accepted({ minor: minorUnits(Number(minor)), currency: price.value.currency })
}

/** Whether a part of a purchase went back and the rest stands. */
export function isRevokedInPart({ revocationPercentage }: Transaction): boolean {
  return revocationPercentage !== undefined && BigInt(revocationPercentage) < WHOLE_PERCENTAGE
}
