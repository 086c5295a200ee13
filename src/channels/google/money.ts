import { exponentOf, type Money, minorUnits, parseCurrency } from '../../kernel/money.ts'
import type { PlayMoney } from './wire.ts'

const NANO_DIGITS = 9

/**
 * An amount of Play in minor units, by digits alone. Play counts to the billionth, and a tax may leave such a rest: it is
 * rounded to the nearest minor unit, as what a card was charged is. Null for a currency that we do not know, or for more
 * than can be counted exactly.
 */
export function moneyOf({ currencyCode, units = '0', nanos = 0 }: PlayMoney): Money | null {
  const currency = parseCurrency(currencyCode)
  if (currency === null) return null
  const one = 10n ** BigInt(NANO_DIGITS)
  const step = 10n ** BigInt(NANO_DIGITS - exponentOf(currency))
  const minor = Number((BigInt(units) * one + BigInt(nanos) + step / 2n) / step)
  return Number.isSafeInteger(minor) ? { minor: minorUnits(minor), currency } : null
}
