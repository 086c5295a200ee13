import type { Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type Page, pageOf, startOfPage } from '../../kernel/cursor.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import { selectSecurityEvents } from './queries.ts'

/** A page of what happened around a player's logins and sessions, newest first. What is written meanwhile moves no page. */
export async function listSecurityEvents(
  db: Db,
  wanted: { playerId: PlayerId; limit: number; cursor?: string | null },
): Promise<Outcome<Page<Row<'security_events'>>>> {
  const { playerId, limit, cursor = null } = wanted
  const after = startOfPage(cursor)
  if (!after.ok) return after
  const rows = await selectSecurityEvents(db, { playerId, limit: limit + 1, after: after.value })
  return accepted(pageOf(rows, { limit, positionOf: (row) => ({ createdAtMs: row.at_ms, id: row.event_id }) }))
}
