import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { findPlayer } from './queries.ts'

/** A player whom this app may deal with; one who is unknown, erased or another app's is not there. */
export async function readPlayer(
  deps: { database: Database },
  wanted: { appId: AppId; playerId: PlayerId },
): Promise<Outcome<Row<'users'>>> {
  const player = await findPlayer(deps.database.db, wanted)
  return player?.status === 'active' ? accepted(player) : refused('player_not_found')
}
