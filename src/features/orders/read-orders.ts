import type { Database } from '../../db/database.ts'
import type { OrderStatus, Row } from '../../db/schema.ts'
import { readCursor, writeCursor } from '../../kernel/cursor.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { findPlayer } from '../players/index.ts'
import { findOrder, selectHistory } from './queries.ts'

export interface OrderDeps {
  readonly database: Database
}

/** A page of orders, and where the next one starts. */
export interface OrderPage {
  readonly orders: readonly Row<'orders'>[]
  readonly nextCursor: string | null
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
): Promise<Outcome<OrderPage>> {
  const after = wanted.cursor === null ? null : readCursor(wanted.cursor)
  if (wanted.cursor !== null && !after) {
    return refused('invalid_fields', { details: [{ path: 'cursor', message: 'is not a cursor of this call' }] })
  }
  if (wanted.checkPlayer && !(await findPlayer(deps.database.db, wanted))) return refused('player_not_found')
  const rows = await selectHistory(deps.database.db, {
    playerId: wanted.playerId,
    limit: wanted.limit + 1,
    after: after ? { createdAtMs: after.createdAtMs, orderId: after.id } : null,
    status: wanted.status,
  })
  const orders = rows.slice(0, wanted.limit)
  const last = orders.at(-1)
  const more = rows.length > wanted.limit
  return accepted({
    orders,
    nextCursor: more && last ? writeCursor({ createdAtMs: last.created_at_ms, id: last.order_id }) : null,
  })
}
