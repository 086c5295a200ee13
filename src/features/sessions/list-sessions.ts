import type { PlayerId, SessionId } from '../../kernel/ids.ts'
import { newestFirst } from './rules.ts'
import type { SessionEntry, SessionStore } from './session-store.ts'

/** A session of a player's list that has not ended. */
export interface LivingSession extends SessionEntry {
  readonly sessionId: SessionId
  /** False while the login that began it is still under way. */
  readonly isBound: boolean
}

/** The sessions that a player is logged in on, newest first. */
export async function listSessions(
  deps: { sessions: SessionStore },
  { playerId }: { playerId: PlayerId },
): Promise<LivingSession[]> {
  const living = await livingSessions(deps, playerId)
  return living.filter(({ isBound }) => isBound).toSorted(newestFirst)
}

/** What lives of a player's list; what has ended, or came to be another player's, is struck from it on the way. */
export async function livingSessions(
  { sessions }: { sessions: SessionStore },
  playerId: PlayerId,
): Promise<LivingSession[]> {
  const entries = [...(await sessions.entries(playerId))]
  const looked = await Promise.all(
    entries.map(async ([sessionId, entry]) => {
      const session = await sessions.find(sessionId)
      if (session && (session.playerId === playerId || session.playerId === null)) {
        return { ...entry, sessionId, isBound: session.playerId === playerId }
      }
      await sessions.strike(playerId, sessionId)
      return null
    }),
  )
  return looked.filter((session) => session !== null)
}
