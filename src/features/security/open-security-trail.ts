import type { Database } from '../../db/database.ts'
import type { NewRow } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RecordSecurityEvent } from '../../kernel/security-event.ts'
import { insertSecurityEvents } from './queries.ts'
import { securityEventRow } from './rules.ts'

export interface SecurityTrail {
  readonly record: RecordSecurityEvent
  /** Writes what is waiting. Resolves when it is written. */
  flush(): Promise<void>
  /** Writes what is waiting, a last time. */
  close(): Promise<void>
}

export interface TrailDeps {
  readonly database: Database
  readonly clock: Clock
  /** Told of events that could not be kept. */
  readonly report: (failure: { error: unknown; lost: number }) => void
}

// Nobody waits for the trail: what stands here is written together a second later.
const FLUSH_AFTER_MS = 1000
const ROWS_PER_STATEMENT = 200
// A flood, or a database that is away: beyond this the trail loses events, and says so, rather than the server its memory.
const WAITING_MAX = 10_000

/** The trail of security events, written in batches off the path of the calls that cause them. */
export function openSecurityTrail(deps: TrailDeps): SecurityTrail {
  let waiting: NewRow<'security_events'>[] = []
  let timer: NodeJS.Timeout | null = null
  let underWay: Promise<void> = Promise.resolve()
  const write = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, ROWS_PER_STATEMENT)
      waiting = waiting.slice(ROWS_PER_STATEMENT)
      try {
        await deps.database.inTransaction((tx) => insertSecurityEvents(tx, batch))
      } catch (error) {
        deps.report({ error, lost: batch.length })
      }
    }
  }
  const flush = (): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    underWay = underWay.then(write)
    return underWay
  }
  return {
    record: (event) => {
      if (waiting.length >= WAITING_MAX) return deps.report({ error: null, lost: 1 })
      waiting.push(securityEventRow(event, deps.clock.nowMs()))
      timer ??= setTimeout(() => void flush(), FLUSH_AFTER_MS).unref()
    },
    flush,
    close: flush,
  }
}
