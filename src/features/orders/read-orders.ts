import type { Database } from '../../db/database.ts'
import type { OrderStatus, Row } from '../../db/schema.ts'
import { type Page, pageOf, startOfPage } from '../../kernel/cursor.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { readPlayer } from '../players/index.ts'
import { findOrder, selectHistory } from './queries.ts'

export interface OrderDeps {
  readonly database: Database
}

/** A player's own order; another's does not exist for them. */
export async function readOrder(
  deps: OrderDeps,
  wanted: { appId: AppId; playerId: PlayerId; orderId: OrderId },
): Promise<Outcome<Row<'orders'>>> {
  const order = await findOrder(deps.database.db, wanted)
  return order ? accepted(order) : refused('order_not_found')
}

/** A page of a player's orders, newest first. */
export async function readHistory(
  deps: OrderDeps,
  wanted: {
    appId: AppId
    playerId: PlayerId
    limit: number
    cursor: string | null
    status: OrderStatus | null
    /** A game server names the player, who must be of its app; a session's player is. */
    checkPlayer: boolean
  },
): Promise<Outcome<Page<Row<'orders'>>>> {
  const after = startOfPage(wanted.cursor)
  if (!after.ok) return after
  if (wanted.checkPlayer) {
    const player = await readPlayer(deps, wanted)
    if (!player.ok) return player
  }
  const { playerId, limit, status } = wanted
  const rows = await selectHistory(deps.database.db, { playerId, limit: limit + 1, after: after.value, status })
  const positionOf = (row: Row<'orders'>) => ({ createdAtMs: row.created_at_ms, id: row.order_id })
  return accepted(pageOf(rows, { limit, positionOf }))
}
