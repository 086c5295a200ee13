import { type Money, minorUnits, parseCurrency, parseMajor } from '../../kernel/money.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { ReportRow } from '../channel.ts'
import { isReportId, type ReportLine, reportRows, reportTable, shown } from '../report-rows.ts'

const PACKAGE = ['Package ID', 'Product ID'] as const
const TABLE = {
  what: 'the estimated sales report of the Play Console (salesreport_YYYYMM.csv)',
  needed: [
    ...[['Order Number'], ['Order Charged Timestamp'], ['Financial Status'], PACKAGE],
    ...[['SKU ID'], ['Currency of Sale'], ['Charged Amount']],
  ],
}

const KINDS = new Map<string, 'paid' | 'refunded'>([
  ['charged', 'paid'],
  ...['refund', 'refunded', 'partial refund', 'partially refunded'].map((status) => [status, 'refunded'] as const),
])
/** This channel sells one-time products alone. */
const OTHER_PRODUCTS = /subscription|paid ?app/

/**
 * Reads the estimated sales of a month: a line for each product of an order that was charged or given back, of all apps of
 * the account. What a buyer was charged counts the taxes in, in the buyer's currency; the times are in Unix seconds.
 */
export function readPlayReport(packageName: string, text: string): Outcome<readonly ReportRow[]> {
  const table = reportTable(text, TABLE)
  if (!table.ok) return table
  const rows = reportRows(table.value, (line) => rowOf(packageName, line))
  return rows.ok ? accepted(oneOfEachOrder(rows.value)) : rows
}

function rowOf(packageName: string, line: ReportLine): readonly ReportRow[] | string {
  const app = PACKAGE.map((name) => line.cell(name)).find((one) => one !== '')
  if (app === undefined) return `the ${PACKAGE[0]} is missing`
  if (app !== packageName || OTHER_PRODUCTS.test(line.cell('Product Type').toLowerCase())) return []
  const status = line.cell('Financial Status')
  const kind = KINDS.get(status.toLowerCase())
  if (!kind) return `the Financial Status ${shown(status)} is none that we know`
  const order = line.cell('Order Number')
  if (!isReportId(order)) return 'the Order Number is no id'
  const amount = moneyOf(line, kind)
  if (amount === null) return 'Charged Amount and Currency of Sale are no money like 19.99 and USD'
  const seconds = line.cell('Order Charged Timestamp')
  if (!/^[1-9]\d{8,10}$/.test(seconds)) return 'the Order Charged Timestamp is no time in Unix seconds'
  return [{ kind, ids: [order], orderId: null, amount, occurredAtMs: Number(seconds) * 1000 }]
}

/** Thousands have their commas, and what goes back may have its sign. */
function moneyOf(line: ReportLine, kind: ReportRow['kind']): Money | null {
  const currency = parseCurrency(line.cell('Currency of Sale'))
  const told = line.cell('Charged Amount')
  const amount = kind === 'refunded' ? told.replace(/^-/, '') : told
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(amount) ? amount.replaceAll(',', '') : amount
  return currency && parseMajor(plain, currency)
}

/** An order is one payment, whatever is in it, and what went back of it is one sum, as its notices tell it. */
function oneOfEachOrder(rows: readonly ReportRow[]): ReportRow[] {
  const orders = new Map<string, ReportRow>()
  for (const row of rows) {
    const key = JSON.stringify([row.kind, row.ids, row.amount?.currency])
    const before = orders.get(key)
    orders.set(key, before ? together(before, row) : row)
  }
  return [...orders.values()]
}

function together(before: ReportRow, row: ReportRow): ReportRow {
  if (!before.amount || !row.amount) return row
  const minor = minorUnits(before.amount.minor + row.amount.minor)
  const occurredAtMs = Math.max(before.occurredAtMs, row.occurredAtMs)
  return { ...row, amount: { ...row.amount, minor }, occurredAtMs }
}
