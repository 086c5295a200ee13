import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'

/** Nonces that a session may have put into a platform's token: each lets one proof in, and only on that session. */
export interface LoginNonces {
  issue(sessionId: SessionId): Promise<string>
  /** Whether a nonce was given out to this session and can still be used. It is not used up by asking. */
  isOpen(sessionId: SessionId, nonce: string): Promise<boolean>
  /** Uses a nonce up. True to one caller, however many show it at once. */
  use(sessionId: SessionId, nonce: string): Promise<boolean>
}

/** Time to log in at a platform, with its password and its second factor. */
export const NONCE_TTL_MS = 10 * 60_000
/** A client that tries several platforms, or begins again, has a few; the next one takes the place of the oldest. */
export const OPEN_NONCES_MAX = 5
/** Nonces live a little longer in the store than they count: their end is judged by our clock, not by the store's. */
const TTL_MS = NONCE_TTL_MS + 60_000
/** What stands where a nonce was. */
const USED = 'used'

/** A session has a fixed number of places, each with the hash of one nonce: however many it asks for, few are kept. */
export function openLoginNonces({ kv, clock }: { kv: KeyValueStore; clock: Clock }): LoginNonces {
  const placeOf = (sessionId: SessionId, nonce: string): string => `login-nonce:${sessionId}:${nonce.slice(0, 1)}`
  const openOne = async (sessionId: SessionId, nonce: string): Promise<string | null> => {
    if (!NONCE.test(nonce)) return null
    const kept = await kv.get(placeOf(sessionId, nonce))
    const [hash, issuedAtMs] = kept?.split(' ') ?? []
    return hash === hashOf(nonce) && Number(issuedAtMs) + NONCE_TTL_MS > clock.nowMs() ? (kept ?? null) : null
  }
  return {
    async issue(sessionId) {
      const issued = await kv.increment(`login-nonces-of:${sessionId}`, { ttlMs: TTL_MS })
      const nonce = `${issued % OPEN_NONCES_MAX}${randomBytes(32).toString('base64url')}`
      await kv.set(placeOf(sessionId, nonce), `${hashOf(nonce)} ${clock.nowMs()}`, { ttlMs: TTL_MS })
      return nonce
    },
    isOpen: async (sessionId, nonce) => (await openOne(sessionId, nonce)) !== null,
    async use(sessionId, nonce) {
      const open = await openOne(sessionId, nonce)
      if (open === null) return false
      return kv.compareAndSet(placeOf(sessionId, nonce), { expected: open, next: USED, ttlMs: TTL_MS })
    },
  }
}

/** Its place, and 256 random bits. */
const NONCE = /^[0-4][A-Za-z0-9_-]{43}$/

/** The form in which a nonce is kept: whoever reads the store cannot use it. */
function hashOf(nonce: string): string {
  return createHash('sha256').update(nonce).digest('base64url')
}
