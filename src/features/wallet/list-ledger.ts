import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type Page, pageOf, startOfPage } from '../../kernel/cursor.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import { readPlayer } from '../players/index.ts'
import { selectLedgerTransactions, selectPostings } from './queries.ts'
import { ledgerPosition, ledgerSeqAt } from './rules.ts'

/** A ledger transaction of a player as it stands, its postings in order. */
export interface LedgerEntry {
  readonly transaction: Row<'ledger_transactions'>
  readonly postings: readonly Row<'postings'>[]
}

/** A page of a player's ledger, newest first. What is booked meanwhile has higher numbers and moves no page. */
export async function listLedger(
  deps: { database: Database },
  wanted: { appId: AppId; playerId: PlayerId; limit: number; cursor: string | null },
): Promise<Outcome<Page<LedgerEntry>>> {
  const { appId, playerId, limit } = wanted
  const start = startOfPage(wanted.cursor)
  if (!start.ok) return start
  const before = start.value === null ? null : ledgerSeqAt(playerId, start.value)
  if (start.value !== null && before === null) {
    return refusedField('cursor', "is not a cursor of this player's ledger")
  }
  const { db } = deps.database
  const player = await readPlayer(deps, { appId, playerId })
  if (!player.ok) return player
  const found = await selectLedgerTransactions(db, { playerId, before, limit: limit + 1 })
  const { rows, nextCursor } = pageOf(found, { limit, positionOf: ledgerPosition })
  const postings = await selectPostings(db, { playerId, ledgerSeqs: rows.map((row) => row.ledger_seq) })
  const bySeq = Map.groupBy(postings, (posting) => posting.ledger_seq)
  return accepted({
    rows: rows.map((transaction) => ({ transaction, postings: bySeq.get(transaction.ledger_seq) ?? [] })),
    nextCursor,
  })
}
