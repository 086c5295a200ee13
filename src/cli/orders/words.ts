import { type CurrencyCode, exponentOf } from '../../kernel/money.ts'

/** `USD 19.99`, exactly; a dash for money of which nobody said how much. */
export function moneyWords(minor: number | null, currency: CurrencyCode | null): string {
  if (minor === null || currency === null) return 'all'
  const exponent = exponentOf(currency)
  const digits = String(minor).padStart(exponent + 1, '0')
  return exponent === 0
    ? `${currency} ${digits}`
    : `${currency} ${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

const UNITS = [
  { name: 'd', ms: 24 * 60 * 60 * 1000 },
  { name: 'h', ms: 60 * 60 * 1000 },
  { name: 'min', ms: 60 * 1000 },
] as const

/** How long ago, in the largest unit that fits: `3 d`, `5 h`, `12 min`, `now`. */
export function ageWords(ageMs: number): string {
  const unit = UNITS.find(({ ms }) => ageMs >= ms)
  return unit ? `${Math.floor(ageMs / unit.ms)} ${unit.name}` : 'now'
}
