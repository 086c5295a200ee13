import { invariant } from './invariant.ts'

declare const brand: unique symbol

/** An ISO 4217 code that we know the exponent of. */
export type CurrencyCode = string & { readonly [brand]: 'CurrencyCode' }
/** A whole number of a currency's smallest unit (cents, yen, fils). Never negative. */
export type MinorUnits = number & { readonly [brand]: 'MinorUnits' }

/** Real money. There is no arithmetic on it: the service compares prices and records them, nothing else. */
export interface Money {
  readonly minor: MinorUnits
  readonly currency: CurrencyCode
}

/** The game's own currencies: `coins`, and `tokens`, the reward. */
export const GAME_CURRENCIES = ['coins', 'tokens'] as const
export type GameCurrency = (typeof GAME_CURRENCIES)[number]

// ISO 4217 (list one): the currencies whose minor unit is not a hundredth; every other active code has exponent 2.
const EXPONENT_0 = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'
const EXPONENT_3 = 'BHD IQD JOD KWD LYD OMR TND'
const EXPONENT_2 =
  'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CNY COP ' +
  'CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR ' +
  'JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN ' +
  'NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP ' +
  'SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'

const exponents = new Map<string, number>()
for (const code of EXPONENT_0.split(' ')) exponents.set(code, 0)
for (const code of EXPONENT_2.split(' ')) exponents.set(code, 2)
for (const code of EXPONENT_3.split(' ')) exponents.set(code, 3)

/** The code in upper case when it is an ISO 4217 code that we know, else null. */
export function parseCurrency(text: string): CurrencyCode | null {
  const code = text.toUpperCase()
  return exponents.has(code) ? (code as CurrencyCode) : null
}

/** Decimals of a currency: USD 2, JPY 0, KWD 3. */
export function exponentOf(currency: CurrencyCode): number {
  const exponent = exponents.get(currency)
  invariant(exponent !== undefined, `no exponent for currency ${currency}`)
  return exponent
}

/** A price as a whole number of minor units; anything but a safe, non-negative integer is a bug. */
export function minorUnits(value: number): MinorUnits {
  invariant(Number.isSafeInteger(value) && value >= 0, `not a whole number of minor units: ${value}`)
  return value as MinorUnits
}

/**
 * Reads an amount in major units as the wire carries it (`19.99` or `"19.99"`), exactly: digits are moved, nothing is
 * multiplied. Null when it is not a plain non-negative decimal, has more decimals than the currency (trailing zeros
 * aside), or exceeds safe integers.
 */
export function parseMajor(wire: number | string, currency: CurrencyCode): Money | null {
  const text = typeof wire === 'number' ? String(wire) : wire
  const match = /^([0-9]{1,15})(?:\.([0-9]{1,15}))?$/.exec(text)
  if (!match) return null
  const exponent = exponentOf(currency)
  const decimals = (match[2] ?? '').replace(/0+$/, '')
  if (decimals.length > exponent) return null
  const minor = Number(`${match[1]}${decimals.padEnd(exponent, '0')}`)
  return Number.isSafeInteger(minor) ? { minor: minor as MinorUnits, currency } : null
}

/** The amount in major units, as the JSON number that the wire carries. */
export function majorNumber({ minor, currency }: Money): number {
  const exponent = exponentOf(currency)
  if (exponent === 0) return minor
  const digits = String(minor).padStart(exponent + 1, '0')
  return Number(`${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`)
}
