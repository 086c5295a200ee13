import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { type EraseDeps, endAllSessions } from './erase-player.ts'
import { findAnyPlayer } from './queries.ts'

/** Ends every session of a player, for whoever looks after the accounts; tells how many ended. */
export async function signPlayerOut(deps: EraseDeps, playerId: PlayerId): Promise<Outcome<number>> {
  const player = await findAnyPlayer(deps.database.db, playerId)
  if (!player) return refused('player_not_found')
  const ended = await endAllSessions(deps, playerId)
  const about = { appId: player.app_id, playerId, provider: null, outcome: null, origin: null }
  deps.record({ kind: 'sessions_revoked', ...about })
  return accepted(ended)
}
