import type { PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { livingSessions } from './list-sessions.ts'
import { sessionsToEnd } from './rules.ts'
import type { SessionStore } from './session-store.ts'

interface EndDeps {
  readonly sessions: SessionStore
}

/** Ends a session and takes it off its player's list. False when it was over before. */
export async function endSession(
  { sessions }: EndDeps,
  { sessionId, playerId }: { sessionId: SessionId; playerId: PlayerId | null },
): Promise<boolean> {
  // The end first: should the list be out of reach then, it has a dead entry, which nobody is shown.
  const wasLiving = await sessions.end(sessionId)
  if (playerId !== null) await sessions.strike(playerId, sessionId)
  return wasLiving
}

/** Ends a session that a player chose from the list. One that is not this player's is not there: `session_not_found`. */
export async function revokeSession(
  deps: EndDeps,
  chosen: { sessionId: SessionId; playerId: PlayerId },
): Promise<Outcome<null>> {
  const session = await deps.sessions.find(chosen.sessionId)
  if (session?.playerId !== chosen.playerId) return refused('session_not_found')
  return (await endSession(deps, chosen)) ? accepted(null) : refused('session_not_found')
}

/**
 * Ends every session of a player but `except`, those included on which a login is under way, and tells how many ended.
 * A login that begins after the list was read is a new one and stays.
 */
export async function endSessionsOf(
  deps: EndDeps,
  { playerId, except }: { playerId: PlayerId; except: SessionId | null },
): Promise<number> {
  const living = await livingSessions(deps, playerId)
  return endAll(deps, { playerId, ended: living.filter(({ sessionId }) => sessionId !== except) })
}

/**
 * Keeps a player's sessions within their limit once another has begun. Sessions whose login is still under way count:
 * of many logins at once the last to be listed sees all the others, so that together they leave no more than the limit.
 */
export async function endOldestSessions(
  deps: EndDeps,
  { playerId, begun }: { playerId: PlayerId; begun: SessionId },
): Promise<void> {
  const living = await livingSessions(deps, playerId)
  await endAll(deps, { playerId, ended: sessionsToEnd(living, { begun }) })
}

async function endAll(
  deps: EndDeps,
  { playerId, ended }: { playerId: PlayerId; ended: readonly { sessionId: SessionId }[] },
): Promise<number> {
  const wereLiving = await Promise.all(ended.map(({ sessionId }) => endSession(deps, { sessionId, playerId })))
  return wereLiving.filter(Boolean).length
}
