import { createHmac, hkdfSync } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import type { AppId } from '../../kernel/ids.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import { namedIdentity } from './identity-rules.ts'
import {
  type CountedBy,
  FAILURES_FADE_MS,
  type Failures,
  livingFailures,
  lockedForMs,
  withFailure,
  withRightLogin,
} from './lockout-rules.ts'

/** Who tries to prove to be whom, and from where. */
export interface LoginAttempt {
  readonly appId: AppId
  readonly loginType: number
  /** Null where only the proof says who it is of. */
  readonly loginId: string | null
  /** As limits count it. */
  readonly address: string
  /**
   * Anybody may be behind this address, as a payment platform's server sends everybody's. What fails there is counted for
   * its identity alone, so that one guesser keeps nobody else out; and a right login makes nobody known there.
   */
  readonly isShared?: true
}

export interface LoginAttempts {
  /**
   * Looks at a proof, unless too many have failed lately: then `login_locked`, and nothing is looked at.
   *
   * What is guaranteed. Failures are kept in the store, for all processes, and are written before the next attempt of
   * the same identity from the same address is looked at: those go one after the other in a process. So of any number
   * of guesses at once as many are looked at as may fail, and at most one more for each further process. Of guesses
   * that share only the identity or only the address, at most AT_ONCE_MAX are looked at beside each other in a process,
   * and none any more once as many have failed as may. Whoever has once logged in rightly from their address is kept
   * waiting there by failures at that pair alone: what strangers do at the address or at the identity is not theirs. A
   * right login costs one look into the store and a note that it was; more only where failures came before it.
   * @throws KeyValueUnavailable
   */
  look<T>(attempt: LoginAttempt, proof: () => Promise<Outcome<T>>): Promise<Outcome<T>>
}

/** What says that a proof was wrong. A platform out of reach, or one that is not offered, says nothing of its user. */
const FAILED: ReadonlySet<ErrorCode> = new Set([
  ...(['invalid_code', 'invalid_credential', 'invalid_proof', 'proof_malformed', 'proof_wrong_algorithm'] as const),
  ...(['proof_unknown_key', 'proof_expired', 'proof_not_yet_valid', 'proof_wrong_issuer'] as const),
  ...(['proof_wrong_audience', 'proof_wrong_nonce', 'proof_wrong_user'] as const),
])

/**
 * More than honest players of one address send in the same tenth of a second, each process counting its own. An identity
 * has room for more than one address can fill, so that no single stranger keeps its player out.
 */
export const AT_ONCE_MAX: Readonly<Record<CountedBy, number>> = { pair: 100, address: 100, identity: 200 }
/** Whoever is one too many at once may come back in a moment. */
const AT_ONCE_WAIT_MS = 1000
/** Failures live a little longer in the store than they count: their end is judged by our clock, not by the store's. */
const TTL_MS = FAILURES_FADE_MS + 60_000
/** So long an identity is known at an address after it has logged in there: those who play come back within it. */
const KNOWN_MS = 30 * 24 * 60 * 60_000
/** Who loses this often is one of very many at once, and those have been counted. */
const ATTEMPTS_MAX = 25

interface Count {
  readonly by: CountedBy
  readonly key: string
}

/**
 * Counts failed logins in the key-value store, where neither an id nor an address is readable. `countAddresses` is off
 * where calls are not limited by address either: there everybody may come from one.
 */
export function openLoginAttempts(deps: {
  kv: KeyValueStore
  clock: Clock
  secret: string
  countAddresses: boolean
}): LoginAttempts {
  const { kv, clock, countAddresses } = deps
  const pepper = Buffer.from(hkdfSync('sha256', deps.secret, '', 'payment-api failed logins', 32))
  const count = (by: CountedBy, ...parts: readonly unknown[]): Count => {
    const name = createHmac('sha256', pepper)
      .update(JSON.stringify([by, ...parts]))
      .digest('base64url')
    return { by, key: `login-failures:${name}` }
  }
  const countsOf = ({ appId, loginType, loginId, address, isShared }: LoginAttempt): Count[] => {
    const counts = countAddresses && !isShared ? [count('address', address)] : []
    if (loginId === null) return counts
    // However an address is typed, it is the same one that is guessed at.
    const id = namedIdentity({ loginType, loginId })?.subject ?? loginId
    return [...counts, count('identity', appId, loginType, id), count('pair', appId, loginType, id, address)]
  }
  const atOnce = openCrowds()
  const inTurn = openTurns()

  const lookAlone = async <T>(
    counts: readonly Count[],
    { proof, isShared }: { proof: () => Promise<Outcome<T>>; isShared: boolean },
  ): Promise<Outcome<T>> => {
    const kept = await Promise.all(counts.map(async (each) => ({ ...each, failures: await readFailures(kv, each) })))
    const nowMs = clock.nowMs()
    const waits = kept.map(({ by, key, failures }) => ({ by, key, waitMs: lockedForMs(by, failures, nowMs) }))
    const waitMs = Math.max(0, ...waits.map((each) => each.waitMs))
    const pair = waits.find(({ by }) => by === 'pair')
    if (waitMs > 0 && !(pair?.waitMs === 0 && (await kv.get(knownKey(pair))) !== null)) return locked(waitMs)
    const outcome = await proof()
    if (outcome.ok && pair && !isShared) await kv.setIfAbsent(knownKey(pair), '1', { ttlMs: KNOWN_MS })
    if (!outcome.ok && !FAILED.has(outcome.refusal.code)) return outcome
    const counted = outcome.ok ? kept.filter(({ failures }) => failures !== null) : kept
    await Promise.all(counted.map((each) => changeFailures({ kv, clock }, each, { right: outcome.ok })))
    return outcome
  }

  return {
    async look(attempt, proof) {
      const counts = countsOf(attempt)
      const leave = atOnce.enter(counts)
      if (leave === null) return locked(AT_ONCE_WAIT_MS)
      try {
        const pair = counts.find(({ by }) => by === 'pair')
        const look = { proof, isShared: attempt.isShared ?? false }
        return await (pair ? inTurn(pair.key, () => lookAlone(counts, look)) : lookAlone(counts, look))
      } finally {
        leave()
      }
    },
  }
}

function locked<T>(waitMs: number): Outcome<T> {
  return refused('login_locked', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
}

/** Where it is noted that a pair has logged in rightly. */
function knownKey({ key }: Pick<Count, 'key'>): string {
  return `${key}:known`
}

async function readFailures(kv: KeyValueStore, { key }: Count): Promise<Failures | null> {
  return decode(await kv.get(key))
}

async function changeFailures(
  { kv, clock }: { kv: KeyValueStore; clock: Clock },
  { by, key }: Count,
  { right }: { right: boolean },
): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const text = await kv.get(key)
    const nowMs = clock.nowMs()
    const before = livingFailures(decode(text), nowMs)
    if (right && before === null) return
    const next = before !== null && right ? withRightLogin(by, before) : withFailure(by, before, nowMs)
    if (next === null) {
      await kv.delete(key)
      return
    }
    const done =
      text === null
        ? await kv.setIfAbsent(key, encode(next), { ttlMs: TTL_MS })
        : await kv.compareAndSet(key, { expected: text, next: encode(next), ttlMs: TTL_MS })
    if (done) return
  }
}

function encode({ count, lastAtMs }: Failures): string {
  return JSON.stringify([count, lastAtMs])
}

function decode(text: string | null): Failures | null {
  if (text === null) return null
  const [count, lastAtMs] = JSON.parse(text) as [number, number]
  return { count, lastAtMs }
}

/** How many attempts of each count are under way: nobody comes in where one of them is full. */
function openCrowds(): { enter(counts: readonly Count[]): (() => void) | null } {
  const inside = new Map<string, number>()
  return {
    enter(counts) {
      if (counts.some(({ by, key }) => (inside.get(key) ?? 0) >= AT_ONCE_MAX[by])) return null
      for (const { key } of counts) inside.set(key, (inside.get(key) ?? 0) + 1)
      return () => {
        for (const { key } of counts) {
          const left = (inside.get(key) ?? 1) - 1
          if (left > 0) inside.set(key, left)
          else inside.delete(key)
        }
      }
    },
  }
}

/** Work of one name is done one after the other. */
function openTurns(): <T>(name: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const mine = (last.get(name) ?? Promise.resolve()).then(work, work)
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
