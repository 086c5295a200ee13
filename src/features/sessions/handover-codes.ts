import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import { equalTexts } from '../../kernel/equal-texts.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'

/** Whose session a code opens another one for. */
export interface HandoverSource {
  readonly appId: AppId
  readonly sessionId: SessionId
  readonly playerId: PlayerId
}

/** One-time codes by which the game hands its player over to a browser; the store has only their hashes. */
export interface HandoverCodes {
  /** Makes the one code that its session has; the one before is dead. */
  issue(of: HandoverSource): Promise<string>
  /** Uses a code up. Null for a wrong, unknown, expired or used one, and for another app's, which it leaves alone. */
  redeem(typed: { appId: AppId; code: string }): Promise<HandoverSource | null>
}

/** Long enough for a browser to open on a slow phone. */
export const HANDOVER_SECONDS = 60

const TTL_MS = HANDOVER_SECONDS * 1000
/** A code lives a little longer in the store than it counts: its end is judged by our clock, not by the store's. */
const STORE_MARGIN_MS = 60_000
/** What stands where a code was. */
const SPENT = 'spent'

export function openHandoverCodes({ kv, clock }: { kv: KeyValueStore; clock: Clock }): HandoverCodes {
  return {
    async issue(of) {
      const secret = randomBytes(32).toString('base64url')
      const kept = encode({ hash: hashOf(secret), ...of, expiresAtMs: clock.nowMs() + TTL_MS })
      await kv.set(keyOf(of.sessionId), kept, { ttlMs: TTL_MS + STORE_MARGIN_MS })
      // With the id of its session, which opens nothing by itself: so a session cannot have two codes.
      return `${of.sessionId}.${secret}`
    },
    async redeem({ appId, code }) {
      const [sessionText = '', secret = ''] = code.split('.', 2)
      const key = keyOf(sessionText as SessionId)
      const kept = await kv.get(key)
      const known = kept === null ? null : decode(kept)
      if (kept === null || known === null || known.expiresAtMs <= clock.nowMs()) return null
      if (!equalTexts(hashOf(secret), known.hash) || known.appId !== appId) return null
      // Of a hundred right ones at once, one finds what all have read. A newer code of the session stays.
      const won = await kv.compareAndSet(key, { expected: kept, next: SPENT, ttlMs: STORE_MARGIN_MS })
      return won ? { appId, sessionId: known.sessionId, playerId: known.playerId } : null
    },
  }
}

function keyOf(sessionId: SessionId): string {
  return `handover:${sessionId}`
}

interface Kept extends HandoverSource {
  readonly hash: string
  /** By our clock. */
  readonly expiresAtMs: number
}

function encode({ hash, appId, sessionId, playerId, expiresAtMs }: Kept): string {
  return JSON.stringify([hash, appId, sessionId, playerId, expiresAtMs])
}

function decode(text: string): Kept | null {
  if (text === SPENT) return null
  const [hash, appId, sessionId, playerId, expiresAtMs] = JSON.parse(text) as [
    string,
    AppId,
    SessionId,
    PlayerId,
    number,
  ]
  return { hash, appId, sessionId, playerId, expiresAtMs }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(`handover:${secret}`).digest('base64url')
}
