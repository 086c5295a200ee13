import { exponentOf, type Money, minorUnits, parseCurrency } from '../../kernel/money.ts'

// How Stripe counts where it is not by hundredths: https://docs.stripe.com/currencies. In ISO 4217, MGA has two decimals.
const NO_DECIMALS = new Set('BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF'.split(' '))
/** Without decimals as well, and told with two of them that are always 00. */
const EMPTY_DECIMALS = new Set(['ISK', 'UGX'])
/** The last of the three is always 0 in what Stripe is asked for. */
const THREE_DECIMALS = new Set('BHD JOD KWD OMR TND'.split(' '))

/** An amount as Stripe has it: whole, in its own smallest unit, its currency in lower case. */
export interface StripeAmount {
  readonly amount: number
  readonly currency: string
}

/** Our money in Stripe's units; null where Stripe cannot charge exactly so much. */
export function toStripe({ minor, currency }: Money): StripeAmount | null {
  const ratio = ratioOf(currency)
  const amount = ratio && scaled(minor, { by: ratio.stripe, over: ratio.ours })
  if (amount === null || (THREE_DECIMALS.has(currency) && amount % 10 !== 0)) return null
  return { amount, currency: currency.toLowerCase() }
}

/** Stripe's amount as our money; null for what is no amount, or cannot be told in our units exactly. */
export function fromStripe({ amount, currency: code }: StripeAmount): Money | null {
  const currency = parseCurrency(code)
  const ratio = currency && ratioOf(currency)
  if (!ratio || !Number.isSafeInteger(amount) || amount < 0) return null
  const minor = scaled(amount, { by: ratio.ours, over: ratio.stripe })
  return minor === null ? null : { minor: minorUnits(minor), currency }
}

/** So many of Stripe's units are so many of our minor units; null for a currency that Stripe does not charge in. */
function ratioOf(currency: Money['currency']): { stripe: number; ours: number } | null {
  const exponent = exponentOf(currency)
  if (EMPTY_DECIMALS.has(currency)) return { stripe: 100, ours: 1 }
  if (NO_DECIMALS.has(currency)) return { stripe: 1, ours: exponent === 0 ? 1 : 100 }
  return THREE_DECIMALS.has(currency) || exponent === 2 ? { stripe: 1, ours: 1 } : null
}

function scaled(amount: number, { by, over }: { by: number; over: number }): number | null {
  const whole = amount * by
  return Number.isSafeInteger(whole) && whole % over === 0 ? whole / over : null
}
