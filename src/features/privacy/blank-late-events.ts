import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { blankSecurityEvents, selectErasedSince } from './queries.ts'

// The trail is written some seconds after what it tells of; a job that runs every minute meets each event twice or more.
const LATE_MAX_MS = 3 * 60 * 1000

/**
 * Blanks the security events of erased players that were written after the erasure, as the trail of every process is
 * kept in memory for a moment. Gives how many there were.
 */
export async function blankLateEvents(
  { database, clock }: { database: Database; clock: Clock },
  signal: AbortSignal,
): Promise<number> {
  const erased = await selectErasedSince(database.db, clock.nowMs() - LATE_MAX_MS)
  let blanked = 0
  for (const playerId of erased) {
    if (signal.aborted) break
    blanked += await database.inTransaction((tx) => blankSecurityEvents(tx, playerId))
  }
  return blanked
}
