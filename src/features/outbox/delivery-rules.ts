/** How an endpoint is doing; 0 in a time means that it is not so. */
export interface EndpointHealth {
  readonly failures: number
  readonly failingSinceMs: number
  readonly pausedUntilMs: number
}

export const WELL: EndpointHealth = { failures: 0, failingSinceMs: 0, pausedUntilMs: 0 }

/** What came of some deliveries that were made together. */
export interface Wave {
  readonly taken: number
  readonly failed: number
  /** What the endpoint asked for; null: nothing. */
  readonly retryAfterMs: number | null
}

// Fewer may be the fault of one player's event; from here on it is the endpoint's, whichever players it is about.
const FAILING_FROM = 5
const PAUSE_FIRST_MS = 5_000
// So long at most an endpoint that is well again stays unnoticed; one that is down for a day is asked 1500 times.
const PAUSE_LAST_MS = 60_000

/** An endpoint that takes nothing is left alone for half as long as it has been failing, within bounds. */
export function healthAfter(before: EndpointHealth, wave: Wave, nowMs: number): EndpointHealth {
  const askedPauseMs = wave.retryAfterMs === null ? 0 : nowMs + wave.retryAfterMs
  if (wave.taken > 0) return { ...WELL, pausedUntilMs: askedPauseMs }
  if (wave.failed === 0) return before
  const failures = before.failures + wave.failed
  if (failures < FAILING_FROM) return { failures, failingSinceMs: 0, pausedUntilMs: askedPauseMs }
  const failingSinceMs = before.failingSinceMs || nowMs
  const pauseMs = Math.min(PAUSE_LAST_MS, Math.max(PAUSE_FIRST_MS, (nowMs - failingSinceMs) / 2))
  return { failures, failingSinceMs, pausedUntilMs: Math.max(askedPauseMs, Math.round(nowMs + pauseMs)) }
}

// Each player's next event waits by itself, so that one that the game server cannot take holds up nobody else.
const SOON = { firstMs: 5_000, factor: 3, lastMs: 10 * 60_000 }
// An answer that says "not this" mostly stays the same until somebody mends something.
const SLOWLY = { firstMs: 60_000, factor: 4, lastMs: 6 * 60 * 60_000 }

/** How long an event waits after it was not taken for the `attempts`-th time; `jitter` is from 0 to 1. */
export function retryWaitMs(attempts: number, { isSlow, jitter }: { isSlow: boolean; jitter: number }): number {
  const { firstMs, factor, lastMs } = isSlow ? SLOWLY : SOON
  const waitMs = Math.min(lastMs, firstMs * factor ** Math.min(attempts - 1, 20))
  return Math.round(waitMs * (0.8 + 0.4 * jitter))
}

/** Whether an answer is one that time alone does not mend: redirects and refusals, but for "later" and "too many". */
export function isSlowAnswer(status: number): boolean {
  return status >= 300 && status < 500 && ![408, 425, 429].includes(status)
}

const RETRY_AFTER_MAX_MS = 60 * 60_000

/** Reads Retry-After, in seconds or as a date; nobody is believed for more than an hour. */
export function readRetryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - nowMs
  return Number.isFinite(waitMs) ? Math.min(RETRY_AFTER_MAX_MS, Math.max(0, waitMs)) : null
}
