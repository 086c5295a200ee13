import { sql } from 'kysely'
import type { Tx } from '../../db/database.ts'
import type { NewRow } from '../../db/schema.ts'
import type { PlayerId } from '../../kernel/ids.ts'

/** Writes the events of a transaction in one statement. */
export async function insertOutboxEvents(tx: Tx, events: readonly NewRow<'outbox_events'>[]): Promise<void> {
  if (events.length > 0) await tx.insertInto('outbox_events').values(events).execute()
}

/** Takes out of a player's events why orders were given up: the one thing in them of a person's own writing. */
export async function forgetReasons(tx: Tx, playerId: PlayerId): Promise<void> {
  await tx
    .updateTable('outbox_events')
    .set({ payload: sql<string>`json_remove(payload, '$.reason')` })
    .where('user_id', '=', playerId)
    .where('type', '=', 'order.cancelled')
    .where('payload', 'like', '%"reason"%')
    .execute()
}
