import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { PlayerId, SecurityEventId } from '../../kernel/ids.ts'

/** Writes events. One that is there already stays as it is: its batch is tried again when its commit was not answered. */
export async function insertSecurityEvents(tx: Tx, events: readonly NewRow<'security_events'>[]): Promise<void> {
  if (events.length === 0) return
  await tx
    .insertInto('security_events')
    .values(events)
    .onDuplicateKeyUpdate((eb) => ({ event_id: eb.ref('event_id') }))
    .execute()
}

/** When the oldest events before a moment happened, by the index of times. */
export async function selectOldestEventTimes(
  db: Db,
  { beforeMs, limit }: { beforeMs: number; limit: number },
): Promise<number[]> {
  const rows = await db
    .selectFrom('security_events')
    .select('at_ms')
    .where('at_ms', '<', beforeMs)
    .orderBy('at_ms')
    .limit(limit)
    .execute()
  return rows.map((row) => row.at_ms)
}

/** Removes all events up to a moment; gives how many there were. */
export async function deleteSecurityEventsUpTo(tx: Tx, atMs: number): Promise<number> {
  const { numDeletedRows } = await tx.deleteFrom('security_events').where('at_ms', '<=', atMs).executeTakeFirst()
  return Number(numDeletedRows)
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
