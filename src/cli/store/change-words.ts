import type { CatalogueChange, FieldChange, FieldValue } from '../../features/store/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { exponentOf, majorNumber, minorUnits, parseCurrency } from '../../kernel/money.ts'
import { printable } from './arguments.ts'

const THINGS: Readonly<Record<CatalogueChange['of'], string>> = {
  item: 'item',
  promotion: 'promotion',
  daily_gift: 'daily gift, day',
}

const FIELDS: Readonly<Record<string, string>> = {
  name_en: 'name (en)',
  name_zh: 'name (zh)',
  tokens_base: 'tokens',
  bonus_percent: 'bonus',
  first_charge_bonus_percent: 'first-charge bonus',
  act_items: 'extras',
  premium_only: 'premium only',
  on_sale: 'on sale',
  starts_at_ms: 'starts',
  ends_at_ms: 'ends',
  item_ids: 'items',
}

/** One line a change: `item 1 (Starter Pack): price USD 19.99 -> 17.99, coins 1000 -> 1200`. */
export function changeWords({ of, id, name, kind, fields }: CatalogueChange): string {
  const thing = `${THINGS[of]} ${printable(String(id))}${name === null ? '' : ` (${printable(name)})`}`
  switch (kind) {
    case 'removed':
      return `${thing}: removed`
    case 'added':
      return `${thing}: added with ${fields.map(({ field, to }) => `${fieldWords(field)} ${valueWords(field, to)}`).join(', ')}`
    case 'changed':
      return `${thing}: ${fields.map(fieldChangeWords).join(', ')}`
  }
}

function fieldChangeWords({ field, from, to }: FieldChange): string {
  return `${fieldWords(field)} ${valueWords(field, from)} -> ${valueWords(field, to)}`
}

function fieldWords(field: string): string {
  const currency = currencyOf(field)
  return currency === null ? (FIELDS[field] ?? field) : `price ${currency}`
}

function valueWords(field: string, value: FieldValue | null): string {
  if (value === null) return 'none'
  const currency = currencyOf(field)
  if (currency !== null && typeof value === 'number') return priceWords(currency, value)
  if (field.endsWith('_percent')) return `${value} %`
  if (field.endsWith('_at_ms')) return isoTime(Number(value))
  if (field === 'item_ids') return idsWords(value as readonly number[])
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'number') return String(value)
  return printable(JSON.stringify(value))
}

/** The items of a promotion. */
export function idsWords(ids: readonly number[]): string {
  return ids.length === 0 ? 'all' : ids.join(',')
}

/** An amount with all the decimals of its currency: `20.00`. */
export function priceWords(currency: string, minor: number): string {
  const code = parseCurrency(currency)
  if (!code) return `${minor} minor units`
  return majorNumber({ minor: minorUnits(minor), currency: code }).toFixed(exponentOf(code))
}

function currencyOf(field: string): string | null {
  return /^price_minor\.(.+)$/.exec(field)?.[1] ?? null
}
