import { createHash } from 'node:crypto'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'

/** What a session is: whose app, which player once one has logged in, and which of its refresh tokens is alive. */
export interface Session {
  readonly appId: AppId
  readonly playerId: PlayerId | null
  /** Of what all its refresh tokens carry, the dead ones too: whoever shows it once held one of them. */
  readonly familyHash: string
  /** Of the secret of the one that is alive. */
  readonly refreshHash: string
  /** When its refresh token ends. Kept in it, so that a session is over by our clock whatever the store's does. */
  readonly expiresAtMs: number
}

/** What whoever starts or changes a session decides; its end is counted from now. */
export type SessionContent = Omit<Session, 'expiresAtMs'>

/** A session lives as long as its refresh token may be used: thirty days from the last rotation. */
export const SESSION_TTL_MS = 30 * 24 * 60 * 60 * 1000

export interface SessionStore {
  find(sessionId: SessionId): Promise<Session | null>
  create(sessionId: SessionId, content: SessionContent): Promise<void>
  /** Replaces exactly what was read before. False when somebody else was first; nothing is changed then. */
  replace(sessionId: SessionId, change: { from: Session; to: SessionContent }): Promise<boolean>
  /** Ends a session: every token of it is dead at once. */
  end(sessionId: SessionId): Promise<void>
}

export function openSessionStore({ kv, clock }: { kv: KeyValueStore; clock: Clock }): SessionStore {
  const keyOf = (sessionId: SessionId): string => `session:${sessionId}`
  const fromNow = ({ appId, playerId, familyHash, refreshHash }: SessionContent): string =>
    encode({ appId, playerId, familyHash, refreshHash, expiresAtMs: clock.nowMs() + SESSION_TTL_MS })
  return {
    async find(sessionId) {
      const text = await kv.get(keyOf(sessionId))
      const session = text === null ? null : decode(text)
      return session && session.expiresAtMs > clock.nowMs() ? session : null
    },
    create: (sessionId, content) => kv.set(keyOf(sessionId), fromNow(content), { ttlMs: SESSION_TTL_MS }),
    replace: (sessionId, { from, to }) =>
      kv.compareAndSet(keyOf(sessionId), { expected: encode(from), next: fromNow(to), ttlMs: SESSION_TTL_MS }),
    end: async (sessionId) => void (await kv.delete(keyOf(sessionId))),
  }
}

/** The form in which a refresh token is kept: whoever reads the store cannot use it. */
export function hashOfRefreshSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

// A list, so that the same session is always the same text: replace() compares it.
function encode({ appId, playerId, familyHash, refreshHash, expiresAtMs }: Session): string {
  return JSON.stringify([appId, playerId, familyHash, refreshHash, expiresAtMs])
}

type Encoded = [AppId, PlayerId | null, string, string, number]

/** Null for a session in another release's form: it is over, and its client logs in again. */
function decode(text: string): Session | null {
  const parts = JSON.parse(text) as unknown[]
  if (parts.length !== ENCODED_LENGTH) return null
  const [appId, playerId, familyHash, refreshHash, expiresAtMs] = parts as Encoded
  return { appId, playerId, familyHash, refreshHash, expiresAtMs }
}

const ENCODED_LENGTH: Encoded['length'] = 5
