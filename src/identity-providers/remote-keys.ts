import { type CryptoKey, importJWK } from 'jose'
import type { Clock } from '../kernel/clock.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { platformUnavailable, type ReportPlatform, readFromPlatform } from './platform-call.ts'

/** What the platforms sign with. Which of the two a key is for is the key's to say, never a token's. */
export type KeyAlgorithm = 'RS256' | 'ES256'

export interface PlatformKey {
  readonly algorithm: KeyAlgorithm
  readonly key: CryptoKey
}

/** The keys that one address gives out. */
export interface KeySet {
  /** Without asking the platform: null when the key is not known, or our copy is too old to go by. */
  known(kid: string): PlatformKey | null
  /** `proof_unknown_key` for a key that the platform does not have, `provider_unavailable` where that cannot be told. */
  find(kid: string): Promise<Outcome<PlatformKey>>
}

/** A key that the platform has withdrawn is refused after this at the latest. Platforms announce new ones days before. */
const MAX_AGE_MS = 10 * 60 * 1000

/**
 * Between two questions to the platform, whether the first was answered or not. Anybody can send us a token with a `kid`
 * of their own making: a flood of them costs the platform six small calls a minute from each process, and a key that
 * was put to use without notice is known after this long.
 */
const COOLDOWN_MS = 10_000

/** How long the keys last known go on while the platform is away: longer than any outage, shorter than an emergency. */
const GRACE_MS = 24 * 60 * 60 * 1000

/** The platforms have two to four; each costs an import. */
const KEYS_MAX = 50
const RSA_BITS_MIN = 2048

interface Held {
  readonly keys: ReadonlyMap<string, PlatformKey>
  readonly fetchedAtMs: number
}

/**
 * Fetches keys when they are needed and keeps them. Not jose's own remote set: that one reads the machine's clock, and
 * it lets go of its keys when the platform is out of reach.
 */
export function openKeySet(deps: { clock: Clock; report: ReportPlatform }, url: string): KeySet {
  let held: Held | null = null
  let tried: { readonly atMs: number; readonly worked: boolean } | null = null
  let fetching: Promise<void> | null = null

  const ageMs = (): number => (held === null ? Number.POSITIVE_INFINITY : since(held.fetchedAtMs))
  // A clock that was set back must not stop the fetching until the old time comes again.
  const since = (timeMs: number): number => Math.abs(deps.clock.nowMs() - timeMs)

  const fetchKeys = async (): Promise<void> => {
    const startedMs = deps.clock.nowMs()
    const read = await readKeys(url)
    tried = { atMs: startedMs, worked: read.ok }
    if (read.ok) held = { keys: read.keys, fetchedAtMs: startedMs }
    else reportOutage(deps.report, { url, reason: read.reason, keysGoOn: ageMs() < GRACE_MS })
  }
  /** All who ask at once wait for one answer, and nobody asks again before the cooldown is over. */
  const refresh = async (): Promise<void> => {
    if (fetching === null && tried !== null && since(tried.atMs) < COOLDOWN_MS) return
    fetching ??= fetchKeys().finally(() => {
      fetching = null
    })
    await fetching
  }
  const look = (kid: string): PlatformKey | null =>
    held !== null && ageMs() < GRACE_MS ? (held.keys.get(kid) ?? null) : null

  return {
    known: (kid) => (ageMs() < MAX_AGE_MS ? look(kid) : null),
    async find(kid) {
      if (ageMs() >= MAX_AGE_MS) await refresh()
      const known = look(kid)
      if (known !== null) return accepted(known)
      await refresh()
      const found = look(kid)
      if (found !== null) return accepted(found)
      return tried?.worked && ageMs() < GRACE_MS ? refused('proof_unknown_key') : platformUnavailable()
    },
  }
}

/** One set out of several: the first that knows a key decides. A key that one of them has at hand costs no question. */
export function anyKeySet(sets: readonly KeySet[]): Pick<KeySet, 'find'> {
  return {
    async find(kid) {
      for (const set of sets) {
        const known = set.known(kid)
        if (known !== null) return accepted(known)
      }
      let isCertain = true
      for (const set of sets) {
        const found = await set.find(kid)
        if (found.ok) return found
        if (found.refusal.code === 'provider_unavailable') isCertain = false
      }
      return isCertain ? refused('proof_unknown_key') : platformUnavailable()
    },
  }
}

function reportOutage(report: ReportPlatform, outage: { url: string; reason: string; keysGoOn: boolean }): void {
  const about = { platform: new URL(outage.url).host, reason: outage.reason }
  if (outage.keysGoOn) report(about, 'the keys of a login platform are out of reach; those last known go on')
  else report(about, 'the keys of a login platform are out of reach; nobody can log in by it')
}

type KeysRead =
  | { readonly ok: true; readonly keys: ReadonlyMap<string, PlatformKey> }
  | { readonly ok: false; readonly reason: string }

async function readKeys(url: string): Promise<KeysRead> {
  const answer = await readFromPlatform(url)
  if (!answer.answered) return { ok: false, reason: answer.reason }
  if (answer.status !== 200) return { ok: false, reason: `status ${answer.status}` }
  const { keys: listed } = (answer.json ?? {}) as { keys?: unknown }
  const keys = new Map<string, PlatformKey>()
  for (const jwk of Array.isArray(listed) ? listed.slice(0, KEYS_MAX) : []) {
    const read = await readKey(jwk)
    // Of two keys under one name the first counts, whoever comes.
    if (read !== null && !keys.has(read.kid)) keys.set(read.kid, read)
  }
  // A page that says nothing must not take the place of keys that are good.
  return keys.size > 0 ? { ok: true, keys } : { ok: false, reason: 'no keys in the answer' }
}

/** A public key for signatures of the two kinds; null for whatever else a set may hold. */
async function readKey(jwk: unknown): Promise<(PlatformKey & { kid: string }) | null> {
  if (typeof jwk !== 'object' || jwk === null) return null
  const { kid, kty, use, alg, n, e, crv, x, y } = jwk as Record<string, unknown>
  const algorithm = kty === 'RSA' ? 'RS256' : kty === 'EC' && crv === 'P-256' ? 'ES256' : null
  if (typeof kid !== 'string' || algorithm === null) return null
  if ((use !== undefined && use !== 'sig') || (alg !== undefined && alg !== algorithm)) return null
  const parts = algorithm === 'RS256' ? { kty, n, e } : { kty, crv, x, y }
  try {
    const key = await importJWK(parts as Record<string, string>, algorithm)
    if (key instanceof Uint8Array) return null
    const { modulusLength } = key.algorithm as { modulusLength?: number }
    return modulusLength !== undefined && modulusLength < RSA_BITS_MIN ? null : { kid, algorithm, key }
  } catch {
    return null
  }
}
