import type { ClientCaller } from '../kernel/caller.ts'
import type { Clock } from '../kernel/clock.ts'
import { type Buckets, burstOf, openBuckets, type Standing } from './rate-limit-buckets.ts'
import { type Sharing, type SharingDeps, shareBuckets } from './rate-limit-sharing.ts'

export type { Standing } from './rate-limit-buckets.ts'

/** A call, as far as limits tell calls apart before its caller is known. */
export interface LimitedCall {
  /** As `countedAddress` gives it. */
  readonly address: string
  /** Method and path, as the table of routes has them. */
  readonly route: string
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
   * Takes one call off the limits of a client that has proven itself: its player's and its app's. Never for anybody else, so
   * that nobody uses up what is another's. Null where no such limit counts.
   */
  takeClient(client: ClientCaller): Standing | null
  /**
   * A second allowance, for proofs alone. An address that has nothing left may be one that a game's server shares with
   * others: its token or signature is still looked at, but no more of them than there are calls.
   */
  readonly proofs: Allowance
  /**
   * How many forged callbacks of platforms an address may send. Apart from everything else, so that a platform's
   * callbacks are let in whatever others have sent from its address.
   */
  readonly forgeries: Allowance
  /** Null where one process serves alone. */
  readonly sharing: Sharing | null
}

type Allowance = Pick<Buckets, 'look' | 'take' | 'giveBack'>

export interface RateLimits {
  /** Calls a minute; 0 is no limit. */
  readonly perMinute: number
  readonly loginPerMinute: number
  readonly playerPerMinute: number
  readonly appPerMinute: number
  /** Of one address on one call, by method and path. */
  readonly routes: Readonly<Record<string, number>>
  readonly workers: number
}

/** A limit whose calls are counted in buckets of its own. */
interface Counted {
  readonly buckets: Buckets
  readonly key: string
}

/**
 * The limits of calls from one address, of one player and of one app. With a store they are kept by all processes together
 * (`shareBuckets` says how exactly). Without one each of several workers has its own share of the minute (rounded up):
 * the system spreads connections over them, so that a client with one connection has one share, and one with many has
 * them all. Null when every limit is off.
 */
export function openRateLimiter(
  { clock, sharing }: { clock: Clock; sharing: Omit<SharingDeps, 'clock'> | null },
  limits: RateLimits,
): RateLimiter | null {
  const { perMinute, loginPerMinute, playerPerMinute, appPerMinute, routes, workers } = limits
  const named = new Map<string, Buckets>()
  // The burst is a whole one everywhere: a connection that is kept meets one process, and cut in parts it would refuse
  // a player's second call.
  const opened = (name: string, callsPerMinute: number): Buckets => {
    const burst = burstOf(callsPerMinute)
    const buckets = openBuckets({ clock, perMinute: callsPerMinute, burst, workers, shared: sharing !== null })
    named.set(name, buckets)
    return buckets
  }
  const openedIfOn = (name: string, callsPerMinute: number): Buckets | null =>
    callsPerMinute === 0 ? null : opened(name, callsPerMinute)
  const [all, logins] = [openedIfOn('all', perMinute), openedIfOn('login', loginPerMinute)]
  const [players, apps] = [openedIfOn('player', playerPerMinute), openedIfOn('app', appPerMinute)]
  const ofRoutes = new Map(Object.entries(routes).map(([route, calls]) => [route, openedIfOn(route, calls)]))
  const counting = ({ address, route, limit }: LimitedCall): Counted[] =>
    counted([all, limit === 'login' ? logins : null, ofRoutes.get(route) ?? null], address)
  if (named.size === 0) return null
  const strictestOn = perMinute || loginPerMinute || Math.max(1, ...Object.values(routes))
  return {
    counts: ({ route, limit }) =>
      all !== null || (limit === 'login' && logins !== null) || (ofRoutes.get(route) ?? null) !== null,
    look: (call) => strictest(counting(call).map(({ buckets, key }) => buckets.look(key))),
    take: (call) => takeAll(counting(call)),
    giveBack: (call) => {
      for (const { buckets, key } of counting(call)) buckets.giveBack(key)
    },
    takeClient: ({ appId, playerId }) => {
      const limits = [
        ...counted([apps], appId),
        ...(playerId === null ? [] : counted([players], `${appId}:${playerId}`)),
      ]
      return limits.length === 0 ? null : takeAll(limits)
    },
    proofs: opened('proofs', strictestOn),
    forgeries: opened('forgeries', strictestOn),
    sharing: sharing === null ? null : shareBuckets({ clock, ...sharing }, named),
  }
}

function counted(buckets: readonly (Buckets | null)[], key: string): Counted[] {
  return buckets.flatMap((each) => (each === null ? [] : [{ buckets: each, key }]))
}

/** From every limit or, where one has nothing left, from none. */
function takeAll(limits: readonly Counted[]): Standing {
  const [only] = limits
  if (only !== undefined && limits.length === 1) return only.buckets.take(only.key)
  const standing = strictest(limits.map(({ buckets, key }) => buckets.look(key)))
  return standing.allowed ? strictest(limits.map(({ buckets, key }) => buckets.take(key))) : standing
}

/** The standing that a caller must go by: the longest wait, else the fewest calls that are left. */
export function strictest(standings: readonly Standing[]): Standing {
  return standings.reduce((strict, one) => {
    if (strict.retryAfterSeconds !== one.retryAfterSeconds) {
      return strict.retryAfterSeconds > one.retryAfterSeconds ? strict : one
    }
    return strict.remaining <= one.remaining ? strict : one
  })
}

/** What a caller is told of its standing, in whole seconds. */
export function rateLimitHeaders({ limit, remaining, resetSeconds }: Standing): Record<string, string> {
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': String(resetSeconds),
  }
}
