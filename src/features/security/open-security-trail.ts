import type { Database } from '../../db/database.ts'
import { StorageUnavailable, TransactionConflict } from '../../db/errors.ts'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { RecordSecurityEvent, SecurityEventKind } from '../../kernel/security-event.ts'
import { insertSecurityEvents } from './queries.ts'
import { securityEventRow } from './rules.ts'

export interface SecurityTrail {
  readonly record: RecordSecurityEvent
  /** Writes what is waiting. Resolves when it is written, or is to be tried again later. */
  flush(): Promise<void>
  /** Writes what is waiting, a last time. */
  close(): Promise<void>
}

export interface TrailDeps {
  readonly database: Database
  readonly clock: Clock
  /** Told of events that could not be kept, and why, at most once a minute. */
  readonly report: (failure: { error: unknown; lost: number }) => void
  /** Who counts what happens; absent where nobody does, as in a command. */
  readonly observer?: TrailObserver
}

export interface TrailObserver {
  readonly count: (event: { kind: SecurityEventKind; outcome: string | null }) => void
  readonly countLost: (lost: number) => void
  /** Looks at events once each, off the path of the calls that caused them. Never rejects. */
  readonly watch: (events: readonly Row<'security_events'>[]) => Promise<void>
}

// Nobody waits for the trail: what stands here is written together a second later.
const FLUSH_AFTER_MS = 1000
// A database that is away is asked again at this pace, whatever happens meanwhile.
const RETRY_AFTER_MS = 5000
const ROWS_PER_STATEMENT = 200
// A flood, or a database that stays away: beyond this the trail loses events, and says so, rather than the server its memory.
const WAITING_MAX = 10_000
const REPORT_EVERY_MS = 60_000

type EventRow = Row<'security_events'>

/** The trail of security events, written in batches off the path of the calls that cause them. */
export function openSecurityTrail(deps: TrailDeps): SecurityTrail {
  const { database, clock, observer } = deps
  const losses = openLosses(deps)
  let waiting: EventRow[] = []
  let unwatched: EventRow[] = []
  let timer: NodeJS.Timeout | null = null
  let underWay: Promise<void> = Promise.resolve()
  const flushAfter = (ms: number): void => {
    timer ??= setTimeout(() => void flush(), ms).unref()
  }
  const write = async ({ isLast }: { isLast: boolean }): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, ROWS_PER_STATEMENT)
      try {
        await database.inTransaction((tx) => insertSecurityEvents(tx, batch))
      } catch (error) {
        const isAway = error instanceof StorageUnavailable || error instanceof TransactionConflict
        if (isAway && !isLast) return flushAfter(RETRY_AFTER_MS)
        const lost = isAway ? waiting.splice(0).length : batch.length
        losses.add({ error, lost })
        if (isAway) return
      }
      waiting = waiting.slice(batch.length)
    }
  }
  const watch = async (): Promise<void> => {
    const events = unwatched
    unwatched = []
    if (events.length > 0) await observer?.watch(events)
  }
  const flushNow = (how: { isLast: boolean }): Promise<void> => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    underWay = underWay.then(async () => void (await Promise.all([write(how), watch()])))
    return underWay
  }
  const flush = (): Promise<void> => flushNow({ isLast: false })
  return {
    record: (event) => {
      observer?.count(event)
      if (waiting.length >= WAITING_MAX) return losses.add({ error: null, lost: 1 })
      const row = securityEventRow(event, clock.nowMs())
      waiting.push(row)
      if (observer && unwatched.length < WAITING_MAX) unwatched.push(row)
      flushAfter(FLUSH_AFTER_MS)
    },
    flush,
    close: async () => {
      await flushNow({ isLast: true })
      losses.tell()
    },
  }
}

/** Counts every loss and tells of them now and then: what loses events loses many. */
function openLosses({ clock, report, observer }: TrailDeps) {
  let untold: { error: unknown; lost: number } = { error: null, lost: 0 }
  let toldAtMs: number | null = null
  const tell = (): void => {
    if (untold.lost === 0) return
    report(untold)
    untold = { error: null, lost: 0 }
    toldAtMs = clock.nowMs()
  }
  return {
    tell,
    add: ({ error, lost }: { error: unknown; lost: number }): void => {
      observer?.countLost(lost)
      untold = { error: error ?? untold.error, lost: untold.lost + lost }
      if (toldAtMs === null || Math.abs(clock.nowMs() - toldAtMs) >= REPORT_EVERY_MS) tell()
    },
  }
}
