import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { readPlayer } from '../players/index.ts'
import { revokeSessionsOf } from '../sessions/index.ts'
import type { AccountDeps } from './log-in.ts'

/** Ends every session of a player on the word of the game's own server. Gives how many ended. */
export async function revokeSessions(
  deps: Pick<AccountDeps, 'database' | 'sessions' | 'record'>,
  of: { appId: AppId; playerId: PlayerId; origin: Origin },
): Promise<Outcome<number>> {
  const player = await readPlayer(deps, of)
  return player.ok ? accepted(await revokeSessionsOf(deps, { ...of, except: null })) : player
}
