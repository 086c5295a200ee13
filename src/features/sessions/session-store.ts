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

const DAY_MS = 24 * 60 * 60 * 1000
/** A player's session lives as long as its refresh token may be used: thirty days from the login or last rotation. */
const SESSION_TTL_MS = 30 * DAY_MS
/** One that nobody has logged in on yet: anybody may start as many as they like, and they must not pile up. */
const ANONYMOUS_SESSION_TTL_MS = DAY_MS

/** How a session stands in its player's list. */
export interface SessionEntry {
  /** When a login bound it. */
  readonly startedAtMs: number
  /** What the client says it is. */
  readonly client: string
  /** The session whose one-time code began it; null for a login. */
  readonly openedBy: SessionId | null
}

export interface SessionStore {
  find(sessionId: SessionId): Promise<Session | null>
  create(sessionId: SessionId, content: SessionContent): Promise<void>
  /** Replaces exactly what was read before. False when somebody else was first; nothing is changed then. */
  replace(sessionId: SessionId, change: { from: Session; to: SessionContent }): Promise<boolean>
  /** Ends a session: every token of it is dead at once. False when it was over before. */
  end(sessionId: SessionId): Promise<boolean>
  /** Writes a session into its player's list, begun now when `startedAtMs` is null. Gives how many the list has then. */
  enlist(
    playerId: PlayerId,
    entry: { sessionId: SessionId; client: string; startedAtMs: number | null; openedBy: SessionId | null },
  ): Promise<number>
  /** A player's list, with what has ended and nobody has struck yet: whoever reads it looks each session up. */
  entries(playerId: PlayerId): Promise<ReadonlyMap<SessionId, SessionEntry>>
  /** Takes a session off its player's list. */
  strike(playerId: PlayerId, sessionId: SessionId): Promise<void>
}

// A list is written just before the session in it is prolonged, and must not end before that session.
const LIST_TTL_MS = SESSION_TTL_MS + DAY_MS

export function openSessionStore({ kv, clock }: { kv: KeyValueStore; clock: Clock }): SessionStore {
  const keyOf = (sessionId: SessionId): string => `session:${sessionId}`
  const listOf = (playerId: PlayerId): string => `sessions-of:${playerId}`
  const fromNow = ({ appId, playerId, familyHash, refreshHash }: SessionContent): string =>
    encode({ appId, playerId, familyHash, refreshHash, expiresAtMs: clock.nowMs() + ttlOf({ playerId }) })
  return {
    async find(sessionId) {
      const text = await kv.get(keyOf(sessionId))
      const session = text === null ? null : decode(text)
      return session && session.expiresAtMs > clock.nowMs() ? session : null
    },
    create: (sessionId, content) => kv.set(keyOf(sessionId), fromNow(content), { ttlMs: ttlOf(content) }),
    replace: (sessionId, { from, to }) =>
      kv.compareAndSet(keyOf(sessionId), { expected: encode(from), next: fromNow(to), ttlMs: ttlOf(to) }),
    end: (sessionId) => kv.delete(keyOf(sessionId)),
    enlist: (playerId, { sessionId, startedAtMs, ...entry }) => {
      const begun: SessionEntry = { startedAtMs: startedAtMs ?? clock.nowMs(), ...entry }
      return kv.setField(listOf(playerId), sessionId, JSON.stringify(begun), { ttlMs: LIST_TTL_MS })
    },
    entries: async (playerId) => {
      const fields = await kv.fields(listOf(playerId))
      return new Map([...fields].map(([id, text]) => [id as SessionId, decodeEntry(text)]))
    },
    strike: async (playerId, sessionId) => void (await kv.deleteField(listOf(playerId), sessionId)),
  }
}

function ttlOf({ playerId }: Pick<SessionContent, 'playerId'>): number {
  return playerId === null ? ANONYMOUS_SESSION_TTL_MS : SESSION_TTL_MS
}

/** The form in which a refresh token is kept: whoever reads the store cannot use it. */
export function hashOfRefreshSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url')
}

// A list, so that the same session is always the same text: replace() compares it.
function encode({ appId, playerId, familyHash, refreshHash, expiresAtMs }: Session): string {
  return JSON.stringify([appId, playerId, familyHash, refreshHash, expiresAtMs])
}

/** An entry of an older release does not say what opened it: a login did. */
function decodeEntry(text: string): SessionEntry {
  return { openedBy: null, ...(JSON.parse(text) as Omit<SessionEntry, 'openedBy'>) }
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
