import { LRUCache } from 'lru-cache'
import type { Clock } from '../kernel/clock.ts'

/** How an address stands with a limit right after it was asked for. */
export interface Standing {
  readonly allowed: boolean
  /** How many calls a rested address may make at once. */
  readonly limit: number
  /** How many it may make at once now. */
  readonly remaining: number
  /** Until it has rested. */
  readonly resetSeconds: number
  /** Until the next call is allowed; 0 when one is. */
  readonly retryAfterSeconds: number
}

/** A call, as far as limits tell calls apart. */
export interface LimitedCall {
  /** As `countedAddress` gives it. */
  readonly address: string
  /** `login`: the stricter limit counts too. */
  readonly limit: 'login' | null
}

export interface RateLimiter {
  /** False where no limit that is on counts for the call. */
  counts(call: LimitedCall): boolean
  /** How the address stands, without taking anything. */
  look(call: LimitedCall): Standing
  /** Takes one call off every limit that counts for it, or nothing when one of them has nothing left. */
  take(call: LimitedCall): Standing
  /** Undoes a `take` that was allowed. */
  giveBack(call: LimitedCall): void
  /**
   * A second allowance, for proofs alone. An address that has nothing left may be one that a game's server shares with
   * others: its token or signature is still looked at, but no more of them than there are calls.
   */
  readonly proofs: Buckets
  /**
   * How many forged callbacks of platforms an address may send. Apart from everything else, so that a platform's
   * callbacks are let in whatever others have sent from its address.
   */
  readonly forgeries: Buckets
}

interface Buckets {
  look(address: string): Standing
  take(address: string): Standing
  giveBack(address: string): void
}

// Some ten megabytes each at most. Whoever has more addresses than this is forgotten while others come, the oldest first.
const ADDRESSES_MAX = 100_000
// A page that opens makes a dozen calls at once; nobody makes a whole minute's.
const BURST_SHARE = 1 / 4

/**
 * The limits of calls from one address, kept in this process. Each of several workers has its own share of the minute (rounded up):
 * the system spreads connections over them, so that a client with one connection has one share, and one with many has
 * them all. Null when every limit is off.
 */
export function openRateLimiter(
  { clock }: { clock: Clock },
  settings: { perMinute: number; loginPerMinute: number; workers: number },
): RateLimiter | null {
  const share = (perMinute: number): number => Math.ceil(perMinute / settings.workers)
  // The burst is a whole one everywhere: a connection that is kept meets one process, and cut in parts it would refuse
  // a player's second call.
  const bucketsOf = (perMinute: number): Buckets | null =>
    perMinute === 0 ? null : openBuckets({ clock, perMinute: share(perMinute), burst: burstOf(perMinute) })
  const all = bucketsOf(settings.perMinute)
  const logins = bucketsOf(settings.loginPerMinute)
  if (all === null && logins === null) return null
  const strictestOn = settings.perMinute || settings.loginPerMinute
  const beside = { clock, perMinute: share(strictestOn), burst: burstOf(strictestOn) }
  const counting = ({ limit }: LimitedCall): Buckets[] =>
    [all, limit === 'login' ? logins : null].filter((buckets) => buckets !== null)
  const look = (call: LimitedCall): Standing => strictest(counting(call).map((buckets) => buckets.look(call.address)))
  return {
    counts: (call) => counting(call).length > 0,
    look,
    take: (call) => {
      const standing = look(call)
      return standing.allowed ? strictest(counting(call).map((buckets) => buckets.take(call.address))) : standing
    },
    giveBack: (call) => {
      for (const buckets of counting(call)) buckets.giveBack(call.address)
    },
    proofs: openBuckets(beside),
    forgeries: openBuckets(beside),
  }
}

/** The standing that a caller must go by: the longest wait, else the fewest calls that are left. */
function strictest(standings: readonly Standing[]): Standing {
  return standings.reduce((strict, one) => {
    if (strict.retryAfterSeconds !== one.retryAfterSeconds) {
      return strict.retryAfterSeconds > one.retryAfterSeconds ? strict : one
    }
    return strict.remaining <= one.remaining ? strict : one
  })
}

/** How many calls a rested address may make at once. */
function burstOf(perMinute: number): number {
  return Math.ceil(perMinute * BURST_SHARE)
}

/**
 * A token bucket for each address, each as one number: the moment when it will be full again. A call moves that moment
 * one interval further; one that would move it further away than a whole burst is refused and moves nothing.
 */
export function openBuckets(settings: { clock: Clock; perMinute: number; burst?: number }): Buckets {
  const { clock, perMinute, burst = burstOf(perMinute) } = settings
  const intervalMs = 60_000 / perMinute
  const burstMs = burst * intervalMs
  const fullAt = new LRUCache<string, number>({ max: ADDRESSES_MAX })
  /** How long until the bucket is full. After a clock was set back it is empty at worst, and fills from then on. */
  const missingMs = (address: string, nowMs: number): number => {
    const missing = (fullAt.get(address) ?? nowMs) - nowMs
    if (missing > burstMs) fullAt.set(address, nowMs + burstMs)
    return Math.min(Math.max(missing, 0), burstMs)
  }
  const standing = (missing: number, allowed: boolean): Standing => ({
    allowed,
    limit: burst,
    remaining: whole((burstMs - missing) / intervalMs),
    resetSeconds: Math.ceil(missing / 1000),
    retryAfterSeconds: allowed ? 0 : Math.max(1, Math.ceil((missing + intervalMs - burstMs) / 1000)),
  })
  const fits = (missing: number): boolean => whole((burstMs - missing) / intervalMs) >= 1
  return {
    look: (address) => {
      const missing = missingMs(address, clock.nowMs())
      return standing(missing, fits(missing))
    },
    take: (address) => {
      const nowMs = clock.nowMs()
      const missing = missingMs(address, nowMs)
      if (!fits(missing)) return standing(missing, false)
      fullAt.set(address, nowMs + missing + intervalMs)
      return standing(missing + intervalMs, true)
    },
    giveBack: (address) => {
      const nowMs = clock.nowMs()
      const missing = missingMs(address, nowMs)
      if (missing > intervalMs) fullAt.set(address, nowMs + missing - intervalMs)
      else fullAt.delete(address)
    },
  }
}

/** Rounded down, but for what a sum of fractions lacks of a whole. */
function whole(calls: number): number {
  return Math.floor(calls + 1e-6)
}

/** What a caller is told of its standing, in whole seconds. */
export function rateLimitHeaders({ limit, remaining, resetSeconds }: Standing): Record<string, string> {
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(resetSeconds),
  }
}
