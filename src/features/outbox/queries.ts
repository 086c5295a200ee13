import type { Tx } from '../../db/database.ts'
import type { NewRow } from '../../db/schema.ts'

/** Writes the events of a transaction in one statement. */
export async function insertOutboxEvents(tx: Tx, events: readonly NewRow<'outbox_events'>[]): Promise<void> {
  if (events.length > 0) await tx.insertInto('outbox_events').values(events).execute()
}
