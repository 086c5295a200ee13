import { LRUCache } from 'lru-cache'
import type { Clock } from '../kernel/clock.ts'

/** How a caller stands with a limit right after it was asked for. */
export interface Standing {
  readonly allowed: boolean
  /** How many calls a rested caller may make at once. */
  readonly limit: number
  /** How many it may make at once now. */
  readonly remaining: number
  /** Until it has rested. */
  readonly resetSeconds: number
  /** Until the next call is allowed; 0 when one is. */
  readonly retryAfterSeconds: number
}

/** A token bucket for each key: an address, a player, an app. */
export interface Buckets {
  look(key: string): Standing
  take(key: string): Standing
  giveBack(key: string): void
  /** Hands out what each key has taken since it was last handed out, in milliseconds of this limit; `keysMax` at most. */
  drain(keysMax: number): [key: string, takenMs: number][]
  /** How full a bucket really is, as all processes together have left it. */
  learn(key: string, missingMs: number): void
  /** From now on this process keeps to its own share of the minute, or counts together with the others. */
  keepTo(share: 'own' | 'common'): void
}

export interface BucketSettings {
  readonly clock: Clock
  readonly perMinute: number
  /** How many calls a rested caller may make at once. */
  readonly burst?: number
  /** How many processes share the minute. */
  readonly workers?: number
  /** True where what is taken here is told to the others. */
  readonly shared?: boolean
}

// Some ten megabytes each at most. Whoever has more addresses than this is forgotten while others come, the oldest first.
const KEYS_MAX = 100_000
// What waits to be told; beyond this a flood from ever new addresses stays this process's own affair.
const UNTOLD_MAX = 10_000
// A page that opens makes a dozen calls at once; nobody makes a whole minute's.
const BURST_SHARE = 1 / 4
// What a sum of fractions may lack of a whole call.
const SLACK = 1e-6

/** Processes that did not know of each other let through too much together, which is waited for; not longer than this. */
export const AHEAD_MAX_MS = 120_000

/** How many calls a rested caller may make at once. */
export function burstOf(perMinute: number): number {
  return Math.ceil(perMinute * BURST_SHARE)
}

/**
 * Each bucket is one number: the moment when it will be full again. A call moves that moment one interval further; one
 * that would move it further away than a whole burst is refused and moves nothing. The moments are on a time of the
 * buckets' own, which runs slower while this process keeps to a share of the minute.
 */
export function openBuckets(settings: BucketSettings): Buckets {
  const { clock, perMinute, burst = burstOf(perMinute), workers = 1, shared = false } = settings
  const intervalMs = 60_000 / perMinute
  const burstMs = burst * intervalMs
  const time = openOwnTime(clock, { slowness: perMinute / Math.ceil(perMinute / workers) })
  let missingMaxMs = burstMs
  const keepTo: Buckets['keepTo'] = (share) => {
    time.setPace(share === 'own' ? 'share' : 'whole')
    missingMaxMs = share === 'own' ? burstMs : AHEAD_MAX_MS
  }
  if (shared) keepTo('common')
  const fullAt = new LRUCache<string, number>({ max: KEYS_MAX })
  const untold = new Map<string, number>()
  const note = (key: string, byMs: number): void => {
    if (!shared) return
    const before = untold.get(key)
    if (before !== undefined || untold.size < UNTOLD_MAX) untold.set(key, (before ?? 0) + byMs)
  }
  /** How long until the bucket is full. After a clock was set back it is empty at worst, and fills from then on. */
  const missingMs = (key: string, nowMs: number): number => {
    const missing = (fullAt.get(key) ?? nowMs) - nowMs
    if (missing <= missingMaxMs) return Math.max(missing, 0)
    fullAt.set(key, nowMs + burstMs)
    return burstMs
  }
  const fits = (missing: number): boolean => (burstMs - missing) / intervalMs >= 1 - SLACK
  const standing = (missing: number, allowed: boolean): Standing => ({
    allowed,
    limit: burst,
    remaining: Math.max(0, Math.floor((burstMs - missing) / intervalMs + SLACK)),
    resetSeconds: upToSeconds(missing),
    retryAfterSeconds: allowed ? 0 : Math.max(1, upToSeconds(missing + intervalMs - burstMs)),
  })
  const upToSeconds = (ownMs: number): number => Math.ceil(((ownMs - intervalMs * SLACK) * time.slowness()) / 1000)
  return {
    look: (key) => {
      const missing = missingMs(key, time.nowMs())
      return standing(missing, fits(missing))
    },
    take: (key) => {
      const nowMs = time.nowMs()
      const missing = missingMs(key, nowMs)
      if (!fits(missing)) return standing(missing, false)
      fullAt.set(key, nowMs + missing + intervalMs)
      note(key, intervalMs)
      return standing(missing + intervalMs, true)
    },
    giveBack: (key) => {
      const nowMs = time.nowMs()
      const missing = missingMs(key, nowMs)
      if (missing > intervalMs) fullAt.set(key, nowMs + missing - intervalMs)
      else fullAt.delete(key)
      note(key, -intervalMs)
    },
    drain: (keysMax) => {
      const drained: [string, number][] = []
      for (const entry of untold) {
        if (drained.length === keysMax) break
        untold.delete(entry[0])
        if (entry[1] !== 0) drained.push(entry)
      }
      return drained
    },
    // What was taken while the others were asked, they do not know yet.
    learn: (key, missing) => fullAt.set(key, time.nowMs() + Math.max(0, missing + (untold.get(key) ?? 0))),
    keepTo,
  }
}

/** A time that can be slowed down without a leap: what was missing when it was is still missing then. */
function openOwnTime(clock: Clock, share: { slowness: number }) {
  let slowness = share.slowness
  let [sinceMs, ownMs] = [clock.nowMs(), clock.nowMs()]
  const nowMs = (): number => (slowness === 1 && sinceMs === ownMs ? clock.nowMs() : pacedMs())
  const pacedMs = (): number => ownMs + (clock.nowMs() - sinceMs) / slowness
  return {
    nowMs,
    slowness: () => slowness,
    setPace: (pace: 'whole' | 'share'): void => {
      ownMs = nowMs()
      sinceMs = clock.nowMs()
      slowness = pace === 'whole' ? 1 : share.slowness
    },
  }
}
