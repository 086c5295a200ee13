import { type Static, Type } from 'typebox'
import { type CurrencyCode, minorUnits, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { ReportRow } from '../channel.ts'
import { fits } from '../read-body.ts'
import { isReportId, type Placed, reportRows, shown, unknownReport, utcTime } from '../report-rows.ts'
import { purchaseName } from './names.ts'
import { DISPUTE_LOST, PAID_AND_AWARDED, PAID_AND_WAITING, REFUND_FAILED, REFUNDED, UNDER_WAY } from './refund.ts'
import { type Transaction, TransactionSchema } from './wire.ts'

type Kind = ReportRow['kind']

const WHAT = 'an answer of Appcharge to "reporting/reports/orders" or "reporting/financial-data/transactions"'

/** A page of either report, as the API answers it. */
const PageSchema = Type.Object({
  results: Type.Array(Type.Unknown()),
  totalCount: Type.Optional(Type.Number()),
  nextCursor: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})
type Page = Static<typeof PageSchema>

const OrderSchema = Type.Object({
  acOrderId: Type.String(),
  state: Type.String(),
  currency: Type.String(),
  priceInCents: Type.Number(),
  createdAt: Type.String(),
})

const PAID: readonly Kind[] = ['paid']
const NOTHING: readonly Kind[] = []
const NOT_PAID = ['created', 'payment_pending', 'payment_expired', 'payment_failed', 'payment_canceled']

/** What an order in this state tells. A refund that is asked for, and a bank that only asks, have moved no money yet. */
const STATES = new Map<string, readonly Kind[]>([
  ...NOT_PAID.map((state) => [state, NOTHING] as const),
  ...[...PAID_AND_AWARDED, ...PAID_AND_WAITING, ...UNDER_WAY, ...REFUND_FAILED].map((state) => [state, PAID] as const),
  [REFUNDED, ['paid', 'refunded']],
  ['payment_dispute_open', ['paid', 'disputed']],
  ['payment_dispute_evidence_submitted', ['paid', 'disputed']],
  [DISPUTE_LOST, ['paid', 'dispute_lost']],
  ['payment_dispute_won', ['paid', 'dispute_won']],
])

const TYPES = new Map<string, Kind>([
  ['paid', 'paid'],
  ['refund', 'refunded'],
  ['dispute_funds_withdrawn', 'disputed'],
  ['dispute_funds_reinstated', 'dispute_won'],
])

/** Reads the report of orders or of transactions: one answer of the API, or a list of them. */
export function readAppchargeReport(text: string): Outcome<readonly ReportRow[]> {
  const pages = pagesOf(text)
  if (!pages.ok) return pages
  const parts: Placed<unknown>[] = pages.value
    .flatMap(({ results }) => results)
    .map((told, index) => ({ path: `result ${index + 1}`, told }))
  return reportRows(parts, rowsOf)
}

/** A report of which a part is missing would make what it does not tell a payment that is unknown there. */
function pagesOf(text: string): Outcome<readonly Page[]> {
  let json: unknown
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return unknownReport(WHAT, 'it is no JSON')
  }
  const pages: unknown[] = Array.isArray(json) ? json : [json]
  const read = pages.filter((page): page is Page => fits(PageSchema, page))
  if (read.length < pages.length || read.length === 0) return unknownReport(WHAT, 'it has no "results"')
  const told = read.reduce((sum, { results }) => sum + results.length, 0)
  const total = Math.max(...read.map(({ totalCount = 0 }) => totalCount))
  if (total > told) return unknownReport(WHAT, `of ${total} orders it has ${told}: fetch the others, too`)
  if (read.every(({ nextCursor }) => nextCursor))
    return unknownReport(WHAT, '"nextCursor" names a page that is not there')
  return accepted(read)
}

function rowsOf(told: unknown): readonly ReportRow[] | string {
  if (fits(OrderSchema, told)) return rowsOfOrder(told)
  return fits(TransactionSchema, told) ? rowsOfTransaction(told) : 'is neither an order nor a transaction that we know'
}

function rowsOfOrder(order: Static<typeof OrderSchema>): readonly ReportRow[] | string {
  const { acOrderId, state, currency: code, priceInCents: minor, createdAt } = order
  const kinds = STATES.get(state)
  if (!kinds) return `the state ${shown(state)} is none that we know`
  if (!isReportId(acOrderId)) return 'acOrderId is no id'
  const currency = parseCurrency(code)
  if (currency === null || !isMinor(minor)) return 'priceInCents and currency are no money'
  const occurredAtMs = utcTime(createdAt)
  if (occurredAtMs === null) return 'createdAt is no time like 2026-11-01T09:30:00Z'
  return kinds.map((kind) => rowOf({ kind, ids: [acOrderId], minor, currency, occurredAtMs }))
}

function rowsOfTransaction({
  orderId,
  purchaseId,
  timestamp,
  transactionDetails,
}: Transaction): readonly ReportRow[] | string {
  const { type, amount: minor, currencyCode } = transactionDetails
  const kind = TYPES.get(type)
  if (!kind) return `the type ${shown(type)} is none that we know`
  const currency = parseCurrency(currencyCode)
  if (currency === null || (kind === 'paid' && !isMinor(minor))) return 'amount and currencyCode are no money'
  const occurredAtMs = utcTime(timestamp)
  if (occurredAtMs === null) return 'timestamp is no time like 2026-11-01T09:30:00Z'
  const ids = [...(orderId ? [orderId] : []), purchaseName(purchaseId)]
  return [rowOf({ kind, ids, minor, currency, occurredAtMs })]
}

/** A purchase is given back whole, and disputed whole. */
function rowOf(told: {
  kind: Kind
  ids: string[]
  minor: number
  currency: CurrencyCode
  occurredAtMs: number
}): ReportRow {
  const { kind, ids, minor, currency, occurredAtMs } = told
  return {
    kind,
    ids,
    orderId: null,
    amount: kind === 'paid' ? { minor: minorUnits(minor), currency } : null,
    occurredAtMs,
  }
}

function isMinor(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}
