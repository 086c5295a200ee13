import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type Page, pageOf, startOfPage } from '../../kernel/cursor.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import { selectMessages } from './queries.ts'

/** A page of a player's messages, newest first, claimed ones included. */
export async function listMessages(
  deps: { database: Database },
  wanted: { playerId: PlayerId; limit: number; cursor: string | null },
): Promise<Outcome<Page<Row<'inbox_messages'>>>> {
  const after = startOfPage(wanted.cursor)
  if (!after.ok) return after
  const { playerId, limit } = wanted
  const rows = await selectMessages(deps.database.db, { playerId, limit: limit + 1, after: after.value })
  const positionOf = (row: Row<'inbox_messages'>) => ({ createdAtMs: row.created_at_ms, id: row.message_id })
  return accepted(pageOf(rows, { limit, positionOf }))
}
