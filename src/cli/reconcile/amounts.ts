import { exponentOf, parseCurrency } from '../../kernel/money.ts'

/** `19.99`, `-5.00`, `1200`: exactly, with the decimals of its currency. */
export function majorWords(minor: bigint, currency: string): string {
  const code = parseCurrency(currency)
  const exponent = code === null ? 0 : exponentOf(code)
  const digits = String(minor < 0n ? -minor : minor).padStart(exponent + 1, '0')
  const whole = exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
  return minor < 0n ? `-${whole}` : whole
}
