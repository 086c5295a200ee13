import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import { livingSessions } from './list-sessions.ts'
import { sessionsToEnd } from './rules.ts'
import type { SessionStore } from './session-store.ts'

interface EndDeps {
  readonly sessions: SessionStore
}

/** For what is written in the trail. */
interface ToldDeps extends EndDeps {
  readonly record: RecordSecurityEvent
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

/** Ends the session that asks for it. */
export async function logOut(
  deps: ToldDeps,
  session: { appId: AppId; sessionId: SessionId; playerId: PlayerId | null; origin: Origin },
): Promise<void> {
  await endSession(deps, session)
  tell(deps, 'logged_out', session)
}

/** Ends a session that a player chose from the list. One that is not this player's is not there: `session_not_found`. */
export async function revokeSession(
  deps: ToldDeps,
  chosen: { appId: AppId; sessionId: SessionId; playerId: PlayerId; origin: Origin },
): Promise<Outcome<null>> {
  const session = await deps.sessions.find(chosen.sessionId)
  if (session?.playerId !== chosen.playerId) return refused('session_not_found')
  if (!(await endSession(deps, chosen))) return refused('session_not_found')
  tell(deps, 'session_revoked', chosen)
  return accepted(null)
}

/** Ends every session of a player but `except`, on somebody's word, and tells how many ended. */
export async function revokeSessionsOf(
  deps: ToldDeps,
  of: { appId: AppId; playerId: PlayerId; except: SessionId | null; origin: Origin | null },
): Promise<number> {
  const ended = await endSessionsOf(deps, of)
  tell(deps, 'sessions_revoked', of)
  return ended
}

function tell(
  { record }: ToldDeps,
  kind: 'logged_out' | 'session_revoked' | 'sessions_revoked',
  { appId, playerId, origin }: { appId: AppId; playerId: PlayerId | null; origin: Origin | null },
): void {
  record({ kind, appId, playerId, provider: null, outcome: null, origin })
}

/**
 * Ends every session of a player but `except`, those included on which a login is under way, and tells how many ended.
 * A login that begins after the list was read is a new one and stays; a session that one of the ended has opened by a
 * code meanwhile is none, and ends with it.
 */
export async function endSessionsOf(
  deps: EndDeps,
  { playerId, except }: { playerId: PlayerId; except: SessionId | null },
): Promise<number> {
  const others = (await livingSessions(deps, playerId)).filter(({ sessionId }) => sessionId !== except)
  const count = await endAll(deps, { playerId, ended: others })
  return count + (await endOpenedBy(deps, { playerId, ended: others, except }))
}

/**
 * Ends a session that is in a stranger's hands too, and with it every one that was opened by its codes: the stranger may
 * have opened it, and nobody can tell.
 */
export async function endStolenSession(
  deps: EndDeps,
  { sessionId, playerId }: { sessionId: SessionId; playerId: PlayerId | null },
): Promise<void> {
  await endSession(deps, { sessionId, playerId })
  if (playerId !== null) await endOpenedBy(deps, { playerId, ended: [{ sessionId }], except: null })
}

/** Ends what sessions that have ended have opened by their codes, and what that has opened; tells how many there were. */
async function endOpenedBy(
  deps: EndDeps,
  of: { playerId: PlayerId; ended: readonly { sessionId: SessionId }[]; except: SessionId | null },
): Promise<number> {
  const { playerId, except } = of
  const over = new Set(of.ended.map(({ sessionId }) => sessionId))
  let count = 0
  // Whoever redeems a code is listed first and then looks whether the session behind it lives: one of us sees the other.
  for (let opened = of.ended; opened.length > 0; ) {
    const living = await livingSessions(deps, playerId)
    opened = living.filter(({ sessionId, openedBy }) => sessionId !== except && openedBy !== null && over.has(openedBy))
    for (const { sessionId } of opened) over.add(sessionId)
    count += await endAll(deps, { playerId, ended: opened })
  }
  return count
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
