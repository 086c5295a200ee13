import type { Database, Db } from '../../db/database.ts'
import { type Clock, systemClock } from '../../kernel/clock.ts'
import { type Findings, openBooks } from './books.ts'
import { rootOfChains } from './chains.ts'
import { INVARIANTS, type InvariantName } from './invariants.ts'
import { countRows, type Totals } from './totals.ts'

export type InvariantReport = Findings & { readonly name: InvariantName; readonly sentence: string }

export interface AuditReport {
  readonly clean: boolean
  readonly invariants: readonly InvariantReport[]
  readonly totals: Totals
  /** One hash over the heads of all chains. */
  readonly root: string
  readonly tookMs: number
}

/** How far an audit is: rows read, of how many, and what is checked now. */
export interface AuditProgress {
  readonly rowsRead: number
  readonly rowsTotal: number
  readonly checking: InvariantName
}

export interface AuditOptions {
  /** How many breaches of each invariant the report holds; all are counted. */
  readonly shownMax?: number
  readonly onProgress?: (progress: AuditProgress) => void
  readonly clock?: Clock
}

// Enough to see what kind of fault it is; the ids of a thousand more help nobody.
const SHOWN_MAX = 20

/** Checks every invariant of the books on one snapshot, so that a service at work is audited as it was at one moment. */
export async function auditDatabase(
  database: Pick<Database, 'inSnapshot'>,
  options: AuditOptions = {},
): Promise<AuditReport> {
  const clock = options.clock ?? systemClock
  const startedMs = clock.nowMs()
  return database.inSnapshot(async (db) => {
    const totals = await countRows(db)
    const invariants = await checkAll(db, totals, options)
    const root = await rootOfChains(db)
    const clean = invariants.every((invariant) => invariant.breaches === 0)
    return { clean, invariants, totals, root, tookMs: clock.nowMs() - startedMs }
  })
}

async function checkAll(db: Db, totals: Totals, options: AuditOptions): Promise<InvariantReport[]> {
  const rowsTotal = INVARIANTS.reduce((sum, { reads }) => sum + reads(totals), 0)
  const reports: InvariantReport[] = []
  let rowsBefore = 0
  for (const { name, sentence, check, reads } of INVARIANTS) {
    const rowsHere = reads(totals)
    let rowsRead = 0
    const advance = (rows: number): void => {
      // What a walk reads is an estimate before it is done; a bar never runs past its check.
      rowsRead = Math.min(rowsRead + rows, rowsHere)
      options.onProgress?.({ rowsRead: rowsBefore + rowsRead, rowsTotal, checking: name })
    }
    advance(0)
    const { books, findings } = openBooks(db, { shownMax: options.shownMax ?? SHOWN_MAX, advance })
    await check(books)
    reports.push({ name, sentence, ...findings() })
    rowsBefore += rowsHere
  }
  const last = reports.at(-1)
  if (last) options.onProgress?.({ rowsRead: rowsTotal, rowsTotal, checking: last.name })
  return reports
}
