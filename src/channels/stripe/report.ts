import type { AppId, OrderId } from '../../kernel/ids.ts'
import { type Money, parseCurrency, parseMajor } from '../../kernel/money.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import type { ReportRow } from '../channel.ts'
import { isReportId, type ReportLine, reportRows, reportTable, shown, utcTime } from '../report-rows.ts'
import { decidedState } from './notice.ts'
import { METADATA } from './wire.ts'

const CREATED = ['Created date (UTC)', 'Created (UTC)'] as const
const TABLE = {
  what: 'the export of payments of the Stripe Dashboard with all of its columns, in UTC',
  needed: [['id'], ['PaymentIntent ID'], CREATED, ['Amount'], ['Amount Refunded'], ['Currency'], ['Status']],
} as const

const PAID: ReadonlySet<string> = new Set(['paid', 'succeeded', 'refunded', 'partially_refunded', 'partial_refund'])
/** No money came, or it is still on its way, or it is only reserved. */
const NOT_PAID: ReadonlySet<string> = new Set([
  ...['failed', 'pending', 'canceled', 'cancelled', 'incomplete', 'expired', 'blocked', 'uncaptured', 'processing'],
  ...['requires_payment_method', 'requires_confirmation', 'requires_action', 'requires_capture'],
])
const DISPUTE_OPEN: ReadonlySet<string> = new Set([
  ...['needs_response', 'under_review', 'warning_needs_response', 'warning_under_review'],
])

/**
 * Reads the export of payments of the Dashboard: a line for each attempt to pay, with what went back of it. Amounts are in
 * major units, and times in UTC. Lines of the test mode, and those whose metadata names another app, are none of this channel's.
 */
export function readStripeReport(appId: AppId, text: string): Outcome<readonly ReportRow[]> {
  const table = reportTable(text, TABLE)
  return table.ok ? reportRows(table.value, (line) => rowsOf(appId, line)) : table
}

function rowsOf(appId: AppId, line: ReportLine): readonly ReportRow[] | string {
  const status = word(line.cell('Status'))
  const isPaid = PAID.has(status)
  if (!isPaid && !NOT_PAID.has(status)) return `the Status ${shown(line.cell('Status'))} is none that we know`
  const mode = word(line.cell('Mode'))
  if (!['', 'live', 'test'].includes(mode)) return `the Mode ${shown(line.cell('Mode'))} is neither Live nor Test`
  const app = line.cell(`${METADATA.appId} (metadata)`)
  const isReserved = word(line.cell('Captured')) === 'false'
  if (!isPaid || isReserved || mode === 'test' || (app !== '' && app !== appId)) return []
  const facts = factsOf(line)
  if (typeof facts === 'string') return facts
  const back = backOf(line, { facts, isAll: status === 'refunded' })
  const disputed = disputeOf(line, facts)
  if (typeof back === 'string') return back
  return typeof disputed === 'string' ? disputed : [{ ...facts, kind: 'paid' }, ...back, ...disputed]
}

type Facts = Omit<ReportRow, 'kind'> & { readonly amount: Money }

function factsOf(line: ReportLine): Facts | string {
  const ids = [line.cell('PaymentIntent ID'), line.cell('id')].filter((id) => id !== '')
  if (ids.length === 0 || !ids.every(isReportId)) return 'id and PaymentIntent ID are no ids'
  const amount = moneyOf(line, 'Amount')
  if (amount === null) return 'Amount and Currency are no money like 19.99 and usd'
  const occurredAtMs = timeOf(line, CREATED)
  if (occurredAtMs === null) return `${CREATED[0]} is no time like 2026-11-01 09:30:00`
  const order = line.cell(`${METADATA.orderId} (metadata)`)
  return { ids: [...new Set(ids)], orderId: isReportId(order) ? (order as OrderId) : null, amount, occurredAtMs }
}

/** What was given back in all; of its parts the export does not tell. */
function backOf(line: ReportLine, { facts, isAll }: { facts: Facts; isAll: boolean }): readonly ReportRow[] | string {
  const amount = line.cell('Amount Refunded') === '' ? null : moneyOf(line, 'Amount Refunded')
  if (amount === null && line.cell('Amount Refunded') !== '') return 'Amount Refunded is no amount of its currency'
  if (!isAll && !amount?.minor) return []
  const occurredAtMs = timeOf(line, ['Refunded date (UTC)', 'Refunded (UTC)']) ?? facts.occurredAtMs
  return [{ ...facts, kind: 'refunded', amount: amount ?? facts.amount, occurredAtMs }]
}

function disputeOf(line: ReportLine, facts: Facts): readonly ReportRow[] | string {
  const status = word(line.cell('Dispute Status'))
  if (status === '') return []
  const decided = decidedState(status)
  if (decided === null && !DISPUTE_OPEN.has(status)) {
    return `the Dispute Status ${shown(line.cell('Dispute Status'))} is none that we know`
  }
  const kind = decided === null ? 'disputed' : decided === 'taken' ? 'dispute_lost' : 'dispute_won'
  const occurredAtMs = timeOf(line, ['Dispute Date (UTC)']) ?? facts.occurredAtMs
  return [{ ...facts, kind, amount: moneyOf(line, 'Disputed Amount'), occurredAtMs }]
}

/** An account in a language with decimal commas exports them: two digits behind one are never thousands. */
function moneyOf(line: ReportLine, column: string): Money | null {
  const currency = parseCurrency(line.cell('Currency'))
  return currency && parseMajor(line.cell(column).replace(/^(\d+),(\d{2})$/, '$1.$2'), currency)
}

function timeOf(line: ReportLine, names: readonly string[]): number | null {
  const cell = names.map((name) => line.cell(name)).find((one) => one !== '')
  return cell === undefined ? null : utcTime(cell)
}

/** The Dashboard writes as a label what its API writes as a code. */
function word(text: string): string {
  return text.toLowerCase().replaceAll(/[\s-]+/g, '_')
}
