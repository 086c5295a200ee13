import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../../db/database.ts'

/** Where a breach was found: ids first, then the figures that do not fit. */
export type Facts = Readonly<Record<string, string | number | null>>

/** One place where the books are not what they must be. */
export interface Breach {
  readonly fault: string
  readonly facts: Facts
}

/** What a check found: how many breaches, and the first of them. */
export interface Findings {
  readonly breaches: number
  readonly shown: readonly Breach[]
}

/** The books as a check sees them: one moment of the database, and where it writes down what it finds. */
export interface Books {
  readonly db: Db
  /** Each row of the query is a breach; its columns are the facts. Read no further than what is shown. */
  breachedBy(fault: string, rows: RawBuilder<unknown>): Promise<void>
  /** A breach that a walk over the rows has found. */
  breach(fault: string, facts: Facts): void
  /** Says how many rows a walk has read since it last said so. */
  advance(rows: number): void
}

/** A figure as it can be told: one past 2^53-1 either way, which nothing of ours ever wrote, is none. */
export function countable(figure: RawBuilder<unknown>): RawBuilder<number | null> {
  const max = sql.lit(Number.MAX_SAFE_INTEGER)
  return sql`case when ${figure} between -${max} and ${max} then ${figure} end`
}

/** Opens the books for one check. Whatever is wrong with them, no more than `shownMax` breaches are held in memory. */
export function openBooks(
  db: Db,
  { shownMax, advance }: { shownMax: number; advance: (rows: number) => void },
): { books: Books; findings: () => Findings } {
  const shown: Breach[] = []
  let breaches = 0
  const note = (breach: Breach): void => {
    breaches += 1
    if (shown.length < shownMax) shown.push(breach)
  }
  const books: Books = {
    db,
    advance,
    breach: (fault, facts) => note({ fault, facts }),
    breachedBy: async (fault, rows) => {
      const first = (await sql<Facts>`${rows} limit ${sql.lit(shownMax + 1)}`.execute(db)).rows
      for (const facts of first.slice(0, shownMax)) note({ fault, facts })
      if (first.length <= shownMax) return
      // Counted only when there are many: healthy books pay for no count.
      const counted = await sql<{ found: number }>`select count(*) as found from (${rows}) as breaches`.execute(db)
      breaches += Number(counted.rows[0]?.found ?? 0) - shownMax
    },
  }
  return { books, findings: () => ({ breaches, shown }) }
}
