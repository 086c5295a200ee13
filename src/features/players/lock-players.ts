import type { Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { selectPlayersForUpdate } from './queries.ts'

/**
 * A player whose row this transaction holds. Balances, sequences and the chain's head are changed in memory and saved
 * once, at the end, by `saveLockedPlayers`. Every movement of coins and every reward happens under this lock.
 */
export type LockedPlayer = Row<'users'>

/** Locks the players that exist; a number that is nobody's is simply absent. */
export async function lockPlayers(tx: Tx, playerIds: Iterable<PlayerId>): Promise<Map<PlayerId, LockedPlayer>> {
  const rows = await selectPlayersForUpdate(
    tx,
    [...new Set(playerIds)].sort((a, b) => a - b),
  )
  return new Map(rows.map((row) => [row.user_id, row]))
}

/** Locks a player whom this app may deal with, or gives null: unknown, erased, or another app's. */
export async function lockActivePlayer(
  tx: Tx,
  { appId, playerId }: { appId: AppId; playerId: PlayerId },
): Promise<LockedPlayer | null> {
  const player = (await lockPlayers(tx, [playerId])).get(playerId)
  return player && player.app_id === appId && player.status === 'active' ? player : null
}
