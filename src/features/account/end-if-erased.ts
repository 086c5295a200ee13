import type { Database } from '../../db/database.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { readPlayer } from '../players/index.ts'
import type { SessionStore } from '../sessions/index.ts'

/**
 * Ends a session that was just bound to a player who was erased while the login was under way; true when it did. Asked
 * once the session is on its player's list: an erasure that comes after this look reads the list, and ends it there.
 */
export async function endIfErased(
  deps: { database: Database; sessions: SessionStore },
  { appId, sessionId, playerId }: { appId: AppId; sessionId: SessionId; playerId: PlayerId },
): Promise<boolean> {
  const player = await readPlayer(deps, { appId, playerId })
  if (player.ok) return false
  await deps.sessions.end(sessionId)
  await deps.sessions.strike(playerId, sessionId)
  return true
}
