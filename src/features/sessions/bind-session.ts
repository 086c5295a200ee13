import type { PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { SessionStore } from './session-store.ts'

// Only this session's own client competes here: a second login, or a rotation of its refresh token.
const ATTEMPTS_MAX = 5

/** Binds a session to the player who has logged in on it. One that is another player's stays so: `session_bound`. */
export async function bindSession(
  deps: { sessions: SessionStore },
  { sessionId, playerId }: { sessionId: SessionId; playerId: PlayerId },
): Promise<Outcome<null>> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const session = await deps.sessions.find(sessionId)
    if (!session) return refused('session_revoked')
    if (session.playerId === playerId) return accepted(null)
    if (session.playerId !== null) return refused('session_bound')
    if (await deps.sessions.replace(sessionId, { from: session, to: { ...session, playerId } })) return accepted(null)
  }
  return refused('sessions_unavailable')
}
