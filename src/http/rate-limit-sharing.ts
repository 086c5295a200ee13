import type { Clock } from '../kernel/clock.ts'
import type { KeyValueStore, MomentMove } from '../kv/kv.ts'
import { AHEAD_MAX_MS, type Buckets } from './rate-limit-buckets.ts'

export interface SharingDeps {
  readonly clock: Clock
  readonly kv: KeyValueStore
  /** Told once when the store goes away, with why, and once, with null, when it is back. */
  readonly report: (failure: Error | null) => void
}

/** The exchange of what each process has taken. */
export interface Sharing {
  /** Tells what is not told yet, and learns how things stand. Never rejects. */
  exchange(): Promise<void>
  /** Tells it a last time. */
  close(): Promise<void>
}

// Long enough that one step serves many calls, short enough that a flood is known everywhere before anybody feels it.
const EXCHANGE_EVERY_MS = 200
// Some milliseconds of this process; what is over waits for the next step.
const KEYS_PER_STEP = 2_000
const KEYS_PER_CALL = 100
// So many slots of a cluster share the work.
const GROUPS = 16

/**
 * Lets all processes keep one limit together. No call waits for it: each process decides from its own buckets, and tells
 * the others afterwards what it has taken, all keys of an interval in a few commands at once.
 *
 * So what one process lets through is unknown to the rest for an interval and a round trip. In that time each lets
 * through what its own buckets hold, which is at most a burst: n processes together at most n bursts where one alone
 * would let through one. What was too much is then missing in everybody's buckets, and is waited for: over minutes
 * the rate is that of the limit, as long as the excess is not above what `AHEAD_MAX_MS` remembers.
 *
 * With the store away each process keeps to its share of the minute.
 */
export function shareBuckets(deps: SharingDeps, buckets: ReadonlyMap<string, Buckets>): Sharing {
  let isAway = false
  let underWay: Promise<void> | null = null
  const judge = (failure: Error | null): void => {
    if (isAway === (failure !== null)) return
    isAway = failure !== null
    for (const each of buckets.values()) each.keepTo(isAway ? 'own' : 'common')
    deps.report(failure)
  }
  const step = async (): Promise<void> => {
    const tellings = tellingsOf(buckets)
    if (tellings.length === 0) return
    const results = await Promise.allSettled(tellings.map((telling) => tell(deps, telling)))
    const failed = results.find((result) => result.status === 'rejected')
    // First the pace, then what is missing: it is told in the common time.
    judge(failed === undefined ? null : asError(failed.reason))
    if (isAway) return
    for (const [n, result] of results.entries())
      if (result.status === 'fulfilled') learn(tellings[n] ?? [], result.value)
  }
  const exchange = (): Promise<void> => {
    const begun = (underWay ?? Promise.resolve()).then(step).finally(() => {
      if (underWay === begun) underWay = null
    })
    underWay = begun
    return begun
  }
  const timer = setInterval(() => {
    if (underWay === null) void exchange()
  }, EXCHANGE_EVERY_MS).unref()
  return {
    exchange,
    close: () => {
      clearInterval(timer)
      return exchange()
    },
  }
}

interface Taken extends MomentMove {
  readonly group: string
  readonly buckets: Buckets
  readonly ofKey: string
}

/** What is to be told, in parts that one command takes each. */
function tellingsOf(buckets: ReadonlyMap<string, Buckets>): Taken[][] {
  const taken: Taken[] = []
  for (const [name, each] of buckets) {
    for (const [ofKey, byMs] of each.drain(KEYS_PER_STEP - taken.length)) {
      taken.push({ group: groupOf(ofKey), key: `${name}:${ofKey}`, byMs, buckets: each, ofKey })
    }
  }
  return [...Map.groupBy(taken, ({ group }) => group).values()].flatMap((ofGroup) => inParts(ofGroup))
}

function inParts(taken: readonly Taken[]): Taken[][] {
  const count = Math.ceil(taken.length / KEYS_PER_CALL)
  return Array.from({ length: count }, (_, n) => taken.slice(n * KEYS_PER_CALL, (n + 1) * KEYS_PER_CALL))
}

function tell({ kv, clock }: SharingDeps, taken: readonly Taken[]): Promise<readonly number[]> {
  return kv.moveMoments(taken[0]?.group ?? '', taken, { nowMs: clock.nowMs(), aheadMaxMs: AHEAD_MAX_MS })
}

function learn(taken: readonly Taken[], missingMs: readonly number[]): void {
  for (const [n, { buckets, ofKey }] of taken.entries()) buckets.learn(ofKey, missingMs[n] ?? 0)
}

/** Spreads keys evenly enough; the same key is in the same group everywhere. */
function groupOf(key: string): string {
  let sum = 0
  for (let n = 0; n < key.length; n++) sum = (sum * 31 + key.charCodeAt(n)) | 0
  return `limits-${Math.abs(sum) % GROUPS}`
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason))
}
