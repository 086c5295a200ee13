import { invariant } from './invariant.ts'

/** Where the service reads the time. Passed in everywhere, so that tests can hold it. */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  nowMs(): number
}

/** The machine's clock: the only place in the service that reads it. */
export const systemClock: Clock = { nowMs: () => Date.now() }

/** A clock that can be moved on, for trying out what comes late. Never back: nothing that is written was yet to come. */
export interface MovableClock extends Clock {
  moveMs(byMs: number): void
  /** How far it is ahead of the clock that it goes by. */
  aheadMs(): number
}

export function movableClock(base: Clock): MovableClock {
  let aheadMs = 0
  return {
    nowMs: () => base.nowMs() + aheadMs,
    moveMs: (byMs) => {
      invariant(Number.isSafeInteger(byMs) && byMs >= 0, 'a clock is moved on by whole milliseconds')
      aheadMs += byMs
    },
    aheadMs: () => aheadMs,
  }
}

/** `YYYY-MM-DD HH:mm:ss` in UTC, the form that `order_time` has had since the first release. */
export function utcSeconds(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')
}

/** ISO 8601 with milliseconds, the form of every newer field. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

/** Starts counting; each call of what it gives tells the milliseconds since. For latencies, never for money. */
export function stopwatch(): () => number {
  const startedMs = performance.now()
  return () => performance.now() - startedMs
}
