import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { PlayerId, SecurityEventId } from '../../kernel/ids.ts'

export async function insertSecurityEvents(tx: Tx, events: readonly NewRow<'security_events'>[]): Promise<void> {
  if (events.length > 0) await tx.insertInto('security_events').values(events).execute()
}

/** A page of a player's events, newest first, read by key: the same cost at any depth. */
export async function selectSecurityEvents(
  db: Db,
  page: { playerId: PlayerId; limit: number; after: PagePosition | null },
): Promise<Row<'security_events'>[]> {
  const { after } = page
  let query = db
    .selectFrom('security_events')
    .selectAll()
    .where('user_id', '=', page.playerId)
    .orderBy('at_ms', 'desc')
    .orderBy('event_id', 'desc')
    .limit(page.limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('at_ms', '<=', after.createdAtMs),
        eb.or([eb('at_ms', '<', after.createdAtMs), eb('event_id', '<', after.id as SecurityEventId)]),
      ]),
    )
  }
  return await query.execute()
}
