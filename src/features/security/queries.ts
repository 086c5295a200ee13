import type { Tx } from '../../db/database.ts'
import type { NewRow } from '../../db/schema.ts'

export async function insertSecurityEvents(tx: Tx, events: readonly NewRow<'security_events'>[]): Promise<void> {
  if (events.length > 0) await tx.insertInto('security_events').values(events).execute()
}
