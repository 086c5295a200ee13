import type { Channel, ReportRow } from '../../channels/channel.ts'
import { parseCsv } from '../../kernel/csv.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { type Money, parseCurrency, parseMajor } from '../../kernel/money.ts'
import { accepted, type FieldFault, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'

/** Whoever mends a report mends what is told first. */
const FAULTS_MAX = 20
const ID_MAX = 200

const KINDS: Readonly<Record<ReportRow['kind'], true>> = {
  ...{ paid: true, refunded: true, refund_undone: true },
  ...{ disputed: true, dispute_lost: true, dispute_won: true },
}
const KIND_NAMES = Object.keys(KINDS) as ReportRow['kind'][]

/** One line as it stands in a file of our own format. */
interface Told {
  readonly kind: unknown
  readonly ids: readonly unknown[]
  readonly order_id: unknown
  readonly amount: unknown
  readonly currency: unknown
  readonly occurred_at: unknown
}

/** Reads a report of a channel's platform: in our own format, or in the platform's, where its channel knows that. */
export function readReport(channel: Channel, text: string): Outcome<readonly ReportRow[]> {
  const own = readOwnReport(text)
  if (own !== null) return own
  if (channel.readReport) return channel.readReport(text)
  return refusedField(
    'the report',
    'is not in our own format, and this channel reads no other: see docs/reconciliation.md',
  )
}

/**
 * Reads a report in our own format, into which any platform's can be brought: CSV with the columns `kind`, `ids` (several
 * with a space between), `order_id`, `amount`, `currency`, `occurred_at`, in any order, or a JSON list of such objects. Null
 * where the text is of another form.
 */
function readOwnReport(text: string): Outcome<readonly ReportRow[]> | null {
  return /^\uFEFF?\s*[[{]/.test(text) ? readJson(text) : readCsv(text)
}

function readJson(text: string): Outcome<readonly ReportRow[]> | null {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return refusedField('the report', 'is no JSON')
  }
  if (!Array.isArray(value)) return null
  if (value.length > 0 && !value.some((one) => isObject(one) && 'kind' in one && 'occurred_at' in one)) return null
  return rowsOf(
    value.map((one, index) => {
      const { kind, ids, order_id, amount, currency, occurred_at } = isObject(one) ? one : {}
      const listed = Array.isArray(ids) ? ids : ids === undefined || ids === null ? [] : [ids]
      return { path: `row ${index + 1}`, told: { kind, ids: listed, order_id, amount, currency, occurred_at } }
    }),
  )
}

function readCsv(text: string): Outcome<readonly ReportRow[]> | null {
  const lines = parseCsv(text)
  if (lines === null) return refusedField('the report', 'has a quote that is never closed')
  const [head, ...rest] = lines
  const columns = head?.cells.map((name) => name.trim().toLowerCase()) ?? []
  if (!columns.includes('kind') || !columns.includes('occurred_at')) return null
  return rowsOf(
    rest.map(({ line, cells }) => {
      const cell = (name: string): string => (cells[columns.indexOf(name)] ?? '').trim()
      const told = {
        ...{ kind: cell('kind'), ids: cell('ids').split(/\s+/).filter(Boolean), order_id: cell('order_id') },
        ...{ amount: cell('amount'), currency: cell('currency'), occurred_at: cell('occurred_at') },
      }
      return { path: `line ${line}`, told }
    }),
  )
}

function rowsOf(all: readonly { path: string; told: Told }[]): Outcome<readonly ReportRow[]> {
  const faults: FieldFault[] = []
  const rows: ReportRow[] = []
  for (const { path, told } of all) {
    const row = rowOf(told)
    if (typeof row !== 'string') rows.push(row)
    else if (faults.length < FAULTS_MAX) faults.push({ path, message: row })
    else break
  }
  return faults.length > 0 ? refused('invalid_fields', { details: faults }) : accepted(rows)
}

/** The row, or what is wrong with it. */
function rowOf({ kind, ids, order_id: order, amount, currency, occurred_at: at }: Told): ReportRow | string {
  const known = KIND_NAMES.find((one) => one === kind)
  if (known === undefined) return `the kind is none of ${KIND_NAMES.join(', ')}`
  const texts = ids.map((id) => (typeof id === 'number' ? String(id) : id)).filter((id) => typeof id === 'string')
  if (texts.length < ids.length || texts.some((id) => id === '' || id.length > ID_MAX)) return 'an id is not a text'
  const orderId = typeof order === 'string' && order !== '' ? (order as OrderId) : null
  if (texts.length === 0 && orderId === null) return 'it names neither a payment nor an order'
  const occurredAtMs = typeof at === 'string' ? timeOf(at) : null
  if (occurredAtMs === null) return 'occurred_at is no time like 2026-11-01T09:30:00Z'
  const money = moneyOf(amount, currency)
  if (money === 'wrong') return 'amount and currency are no money like 19.99 and USD'
  if (known === 'paid' && money === null) return 'what was paid has an amount and a currency'
  return { kind: known, ids: [...new Set(texts)], orderId, amount: money, occurredAtMs }
}

/** A time without its zone would be another one on another machine. */
function timeOf(text: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return null
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? null : ms
}

function moneyOf(amount: unknown, currency: unknown): Money | null | 'wrong' {
  const isLeftOut = (value: unknown): boolean => value === undefined || value === null || value === ''
  if (isLeftOut(amount)) return null
  const code = typeof currency === 'string' ? parseCurrency(currency) : null
  if (code === null || (typeof amount !== 'string' && typeof amount !== 'number')) return 'wrong'
  return parseMajor(amount, code) ?? 'wrong'
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
