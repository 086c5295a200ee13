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
/** A client that tries several platforms, or begins again, has a few; of more the oldest ones are dead. */
export const OPEN_NONCES_MAX = 5
/** Nonces live a little longer in the store than they count: their end is judged by our clock, not by the store's. */
const TTL_MS = NONCE_TTL_MS + 60_000

export function openLoginNonces({ kv, clock }: { kv: KeyValueStore; clock: Clock }): LoginNonces {
  const keyOf = (sessionId: SessionId): string => `login-nonces:${sessionId}`
  return {
    async issue(sessionId) {
      const nonce = randomBytes(32).toString('base64url')
      const open = await kv.setField(keyOf(sessionId), hashOf(nonce), String(clock.nowMs()), { ttlMs: TTL_MS })
      if (open > OPEN_NONCES_MAX) await dropOldest(kv, keyOf(sessionId))
      return nonce
    },
    async isOpen(sessionId, nonce) {
      const issuedAtMs = (await kv.fields(keyOf(sessionId))).get(hashOf(nonce))
      return issuedAtMs !== undefined && Number(issuedAtMs) + NONCE_TTL_MS > clock.nowMs()
    },
    use: (sessionId, nonce) => kv.deleteField(keyOf(sessionId), hashOf(nonce)),
  }
}

async function dropOldest(kv: KeyValueStore, key: string): Promise<void> {
  const newestFirst = [...(await kv.fields(key))].toSorted(
    ([a, aMs], [b, bMs]) => Number(bMs) - Number(aMs) || (a < b ? -1 : 1),
  )
  await Promise.all(newestFirst.slice(OPEN_NONCES_MAX).map(([field]) => kv.deleteField(key, field)))
}

/** The form in which a nonce is kept: whoever reads the store cannot use it. */
function hashOf(nonce: string): string {
  return createHash('sha256').update(nonce).digest('base64url')
}
