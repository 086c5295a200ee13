import { type CatalogueContent, catalogueFaults } from '../../features/store/index.ts'
import { exponentOf, type Money, parseCurrency, parseMajor } from '../../kernel/money.ts'
import { accepted, type FieldFault, type Outcome, refused } from '../../kernel/outcome.ts'

/** An argument as it was typed, by the name under which its fault is told. */
export interface Argument {
  readonly name: string
  readonly text: string
}

/** Reads a whole number, or notes a fault and gives null. */
export function readWhole(faults: FieldFault[], { name, text }: Argument): number | null {
  const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value)) return value
  faults.push({ path: name, message: `${quoted(text)} is not a whole number that can be counted exactly` })
  return null
}

/** A price to set, or one to take away. */
export interface PriceArgument {
  readonly currency: Money['currency']
  /** Null: the item has no price in this currency any more. */
  readonly price: Money | null
}

/** Reads `USD=19.99`, exactly, or `USD=`. */
export function readPrice(faults: FieldFault[], { name, text }: Argument): PriceArgument | null {
  const [, code = '', amount = ''] = /^([A-Za-z]{3})=(.*)$/s.exec(text) ?? []
  const currency = parseCurrency(code)
  if (!currency) {
    faults.push({ path: name, message: `${quoted(text)} is not a currency that we know with its amount (USD=19.99)` })
    return null
  }
  if (amount === '') return { currency, price: null }
  const price = parseMajor(amount, currency)
  if (price) return { currency, price }
  const decimals = exponentOf(currency)
  faults.push({
    path: name,
    message: `${quoted(text)}: ${currency} is a plain number with at most ${decimals} decimals`,
  })
  return null
}

/** Reads `1,2`, or `all`, which an empty list stands for. */
export function readItemIds(faults: FieldFault[], { name, text }: Argument): number[] | null {
  if (text === 'all') return []
  const ids = text.split(',').map((id) => (/^[0-9]{1,10}$/.test(id.trim()) ? Number(id) : null))
  if (ids.every((id) => id !== null)) return ids
  faults.push({ path: name, message: `${quoted(text)} is not a list of item ids (1,2), nor \`all\`` })
  return null
}

const ISO_TIME = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2}(?:\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/i

/** Reads a time: `2026-12-24T18:00Z`, `2026-12-24T18:00:00+08:00`, or a day, which is its beginning in UTC. */
export function readTime(faults: FieldFault[], { name, text }: Argument): number | null {
  const [match, day = '', minutes = '00:00', seconds = ':00', zone = 'Z'] = ISO_TIME.exec(text) ?? []
  const timeMs = match === undefined ? Number.NaN : Date.parse(`${day}T${minutes}${seconds}${zone}`.toUpperCase())
  // The 30th of February would be taken for a day in March.
  const dayMs = Date.parse(`${day}T00:00:00Z`)
  const isDay = !Number.isNaN(dayMs) && new Date(dayMs).toISOString().startsWith(day)
  if (!Number.isNaN(timeMs) && isDay) return timeMs
  const form = '2026-12-24T18:00Z, 2026-12-24T18:00+08:00, or a day in UTC: 2026-12-24'
  faults.push({ path: name, message: `${quoted(text)} is not a time with its zone (${form})` })
  return null
}

/** The content, or every fault at once: those of the arguments, and those of what the readable ones would make. */
export function withoutFaults(faults: readonly FieldFault[], content: CatalogueContent): Outcome<CatalogueContent> {
  if (faults.length === 0) return accepted(content)
  return refused('invalid_fields', { details: [...faults, ...catalogueFaults(content)] })
}

const SHOWN_MAX = 80

/** What was typed, fit to be shown on a terminal. */
export function quoted(text: string): string {
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text
  return JSON.stringify(printable(shown))
}

/** A text without what a terminal would obey. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, '\ufffd')
}
