/** What failed logins are counted by. `pair`: one identity from one address. The others: all of its failures. */
export type CountedBy = 'pair' | 'address' | 'identity'

/** Failed logins as they are kept. */
export interface Failures {
  readonly count: number
  readonly lastAtMs: number
}

/**
 * Failures that are borne before the first lock.
 * `pair`: two login codes' worth of tries, so that whoever has mistyped one to death may still use the next.
 * `address`: a household or a school; behind a carrier's address right logins make up for the failures of others.
 * `identity`: far more than its own player ever needs, so that strangers must come from many addresses to lock one out.
 * The last two keep nobody out who has logged in rightly from where they are (login-attempts.ts).
 */
export const FAILURES_MAX: Readonly<Record<CountedBy, number>> = { pair: 10, address: 20, identity: 100 }

const LOCK_FIRST_MS = 30_000
const LOCK_MAX_MS = 60 * 60_000
/** So long after the last one, failures are forgotten. */
export const FAILURES_FADE_MS = 24 * 60 * 60_000
/**
 * An identity is forgiven one failure each time this has passed, 96 a day. Its pair's lock lets one address fail once an
 * hour for ever: without this a single stranger who is patient would fill the count in days, and keep the player out.
 */
export const IDENTITY_FORGIVES_ONE_MS = 15 * 60_000

/** The failures that still count. Another machine's clock may be ahead of ours: what it saw counts as seen now. */
export function livingFailures(kept: Failures | null, nowMs: number): Failures | null {
  if (kept === null || kept.lastAtMs + FAILURES_FADE_MS <= nowMs) return null
  return { count: kept.count, lastAtMs: Math.min(kept.lastAtMs, nowMs) }
}

/** How long nobody is let try: half a minute after the last failure that is borne, twice as long after each further. */
export function lockedForMs(by: CountedBy, kept: Failures | null, nowMs: number): number {
  const failures = livingFailures(kept, nowMs)
  const beyond = failures === null ? -1 : failures.count - FAILURES_MAX[by]
  if (failures === null || beyond < 0) return 0
  const lockMs = Math.round(Math.min(LOCK_FIRST_MS * 2 ** beyond, LOCK_MAX_MS))
  return Math.max(0, failures.lastAtMs + lockMs - nowMs)
}

/** After a failure. What an identity was forgiven meanwhile is a fraction as well: whoever fails often is forgiven too. */
export function withFailure(by: CountedBy, kept: Failures | null, nowMs: number): Failures {
  const { count, lastAtMs } = livingFailures(kept, nowMs) ?? { count: 0, lastAtMs: nowMs }
  const forgiven = by === 'identity' ? (nowMs - lastAtMs) / IDENTITY_FORGIVES_ONE_MS : 0
  return { count: Math.max(0, count - forgiven) + 1, lastAtMs: nowMs }
}

/**
 * After a right login. A pair begins anew. An address gets one failure back: where many players share one, they log in
 * rightly far more often than not, and a guesser who logs in with an account of their own in between still meets the
 * other two counts. An identity keeps all: whoever guesses at it elsewhere has not been its player.
 */
export function withRightLogin(by: CountedBy, failures: Failures): Failures | null {
  if (by === 'identity') return failures
  if (by === 'pair' || failures.count <= 1) return null
  return { ...failures, count: failures.count - 1 }
}
