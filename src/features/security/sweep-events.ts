import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { deleteSecurityEventsUpTo, selectOldestEventTimes } from './queries.ts'

// Some milliseconds of the database's time, so that a login that meets a batch hardly waits.
const ROWS_PER_STEP = 500
const DAY_MS = 24 * 60 * 60 * 1000

/** Removes the events that are older than they are to be kept, in short steps. Gives how many there were. */
export async function sweepSecurityEvents(
  { database, clock, securityEventDays }: { database: Database; clock: Clock; securityEventDays: number },
  signal: AbortSignal,
): Promise<number> {
  const beforeMs = clock.nowMs() - securityEventDays * DAY_MS
  let swept = 0
  while (!signal.aborted) {
    const oldest = await selectOldestEventTimes(database.db, { beforeMs, limit: ROWS_PER_STEP })
    const upToMs = oldest.at(-1)
    if (upToMs === undefined) break
    swept += await database.inTransaction((tx) => deleteSecurityEventsUpTo(tx, upToMs))
    if (oldest.length < ROWS_PER_STEP) break
    // An embedded database answers without giving the event loop a turn.
    await nextTurn()
  }
  return swept
}
