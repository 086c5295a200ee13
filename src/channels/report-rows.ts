import { parseCsv } from '../kernel/csv.ts'
import { accepted, type FieldFault, type Outcome, refused, refusedField } from '../kernel/outcome.ts'
import type { ReportRow } from './facts.ts'

// Whoever mends a report mends what is told first.
const FAULTS_MAX = 20
const LINES_MAX = 1_000_000
const SHOWN_MAX = 40
const ID = /^[!-~]{1,200}$/

/** A line of a table, by the names of its columns. */
export interface ReportLine {
  /** Without the space around it; empty where the table has no such column. */
  cell(name: string): string
}

/** A part of a report, as a person finds it there. */
export interface Placed<T> {
  readonly path: string
  readonly told: T
}

/** What a table has to be. */
export interface TableWanted {
  /** How its platform calls it, and where it is. */
  readonly what: string
  /** Each with the other names that it may have. */
  readonly needed: readonly (readonly string[])[]
}

/** A report of another form is refused by what was expected. */
export function unknownReport(what: string, why: string): Outcome<never> {
  return refusedField('the report', `is neither in our own form nor ${what}: ${why}`)
}

/** Reads a table of comma-separated values, its columns in any order. */
export function reportTable(text: string, { what, needed }: TableWanted): Outcome<readonly Placed<ReportLine>[]> {
  const lines = parseCsv(text)
  if (lines === null) return unknownReport(what, 'it is no CSV')
  if (lines.length > LINES_MAX) return refusedField('the report', `has more than ${LINES_MAX} lines`)
  const [head, ...rest] = lines
  const columns = new Map(head?.cells.map((name, index) => [keyOf(name), index]))
  const missing = needed.find((names) => !names.some((name) => columns.has(keyOf(name))))
  if (missing) return unknownReport(what, `the column ${missing.map((name) => `"${name}"`).join(' or ')} is missing`)
  const lineOf = (cells: readonly string[]): ReportLine => ({
    cell: (name) => (cells[columns.get(keyOf(name)) ?? -1] ?? '').trim(),
  })
  return accepted(rest.map(({ line, cells }) => ({ path: `line ${line}`, told: lineOf(cells) })))
}

/** The rows of a report whose parts are read one by one; a text says what is wrong with a part. */
export function reportRows<T>(
  parts: readonly Placed<T>[],
  read: (told: T) => readonly ReportRow[] | string,
): Outcome<readonly ReportRow[]> {
  const faults: FieldFault[] = []
  const rows: ReportRow[] = []
  for (const { path, told } of parts) {
    const found = read(told)
    if (typeof found !== 'string') rows.push(...found)
    else if (faults.push({ path, message: found }) === FAULTS_MAX) break
  }
  return faults.length > 0 ? refused('invalid_fields', { details: faults }) : accepted(rows)
}

/** A time that its platform tells in UTC, with or without saying so. */
export function utcTime(text: string): number | null {
  const parts = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}| ?UTC)?$/.exec(text)
  if (!parts) return null
  const [, day, minute, second = ':00', zone = 'Z'] = parts
  const ms = Date.parse(`${day}T${minute}${second}${zone.endsWith('UTC') ? 'Z' : zone}`)
  return Number.isNaN(ms) ? null : ms
}

export function isReportId(text: string): boolean {
  return ID.test(text)
}

/** What a platform says, in the words of a fault. */
export function shown(text: string): string {
  return JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text)
}

function keyOf(column: string): string {
  return column.trim().toLowerCase()
}
