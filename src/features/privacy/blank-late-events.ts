import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { blankEvents, selectLateEvents } from './queries.ts'

// The trail is written some seconds after what it tells of; a job that runs every minute meets each event twice or more.
const LATE_MAX_MS = 3 * 60 * 1000
const EVENTS_A_BATCH = 500

/**
 * Blanks the security events of erased players that were written after the erasure, as the trail of every process is
 * kept in memory for a moment. Gives how many there were.
 */
export async function blankLateEvents(
  { database, clock }: { database: Database; clock: Clock },
  signal: AbortSignal,
): Promise<number> {
  const sinceMs = clock.nowMs() - LATE_MAX_MS
  let blanked = 0
  while (!signal.aborted) {
    const late = await selectLateEvents(database.db, { sinceMs, limit: EVENTS_A_BATCH })
    await database.inTransaction((tx) => blankEvents(tx, late))
    blanked += late.length
    if (late.length < EVENTS_A_BATCH) break
  }
  return blanked
}
