import type { PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { endOldestSessions } from './end-sessions.ts'
import { clientName, SESSIONS_MAX } from './rules.ts'
import type { SessionStore } from './session-store.ts'

// Only this session's own client competes here: a second login, or a rotation of its refresh token.
const ATTEMPTS_MAX = 5

/**
 * Binds a session to the player who has logged in on it. One that is another player's stays so: `session_bound`. It is
 * listed before it is bound, so that whatever dies in between, no session of a player is missing from the list; an
 * entry whose session was never bound is shown to nobody.
 */
export async function bindSession(
  deps: { sessions: SessionStore },
  login: {
    sessionId: SessionId
    playerId: PlayerId
    userAgent: string | undefined
    /** The session whose code stands in for a login. */
    openedBy?: SessionId
  },
): Promise<Outcome<null>> {
  const { sessionId, playerId, openedBy = null } = login
  const client = clientName(login.userAgent)
  let listed: number | null = null
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const session = await deps.sessions.find(sessionId)
    if (session?.playerId === playerId) return accepted(null)
    if (session?.playerId !== null) {
      if (listed !== null) await deps.sessions.strike(playerId, sessionId)
      return refused(session === null ? 'session_revoked' : 'session_bound')
    }
    listed ??= await deps.sessions.enlist(playerId, { sessionId, client, startedAtMs: null, openedBy })
    if (!(await deps.sessions.replace(sessionId, { from: session, to: { ...session, playerId } }))) continue
    if (listed > SESSIONS_MAX) await endOldestSessions(deps, { playerId, begun: sessionId })
    return accepted(null)
  }
  return refused('sessions_unavailable')
}
