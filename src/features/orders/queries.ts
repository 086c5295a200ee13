import { bulkUpdate } from '../../db/bulk-update.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { OrderStatus, Row } from '../../db/schema.ts'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'

/** Locks the orders that exist among the named ones of an app, in the order of their ids. */
export async function selectOrdersForUpdate(
  tx: Tx,
  { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] },
): Promise<Row<'orders'>[]> {
  if (orderIds.length === 0) return []
  return await tx
    .selectFrom('orders')
    .selectAll()
    .where('app_id', '=', appId)
    .where('order_id', 'in', [...orderIds].sort())
    .orderBy('order_id')
    .forUpdate()
    .execute()
}

/** @throws UniqueViolation when an order of that id exists by now; the transaction is then run again and sees it. */
export async function insertOrders(tx: Tx, orders: readonly Row<'orders'>[]): Promise<void> {
  if (orders.length > 0) await tx.insertInto('orders').values(orders).execute()
}

const CHANGING_COLUMNS = [
  'status',
  'environment',
  'state_version',
  'terms',
  'price_minor',
  'currency',
  'coins',
  'tokens',
  'tokens_base',
  'bonus_percent',
  'first_charge_bonus_percent',
  'act_items',
  'item_name_en',
  'item_name_zh',
  'is_first_charge',
  'first_charge_of',
  'granted_payment_id',
  'granted_at_ms',
  'balance_coins_after',
  'balance_tokens_after',
  'payment_channel',
  'payment_method',
  'error_code',
  'updated_at_ms',
] as const

/** Writes back what a transaction changed on orders that it holds. */
export async function updateOrders(tx: Tx, orders: readonly Row<'orders'>[]): Promise<void> {
  const apps = Map.groupBy(orders, (order) => order.app_id)
  for (const [appId, rows] of apps) {
    await bulkUpdate(tx, {
      table: 'orders',
      key: 'order_id',
      columns: CHANGING_COLUMNS,
      scope: { app_id: appId },
      rows,
    })
  }
}

/** Notes when a pending order ends by itself. */
export async function insertDeadline(
  tx: Tx,
  deadline: { appId: AppId; orderId: OrderId; expiresAtMs: number },
): Promise<void> {
  await tx
    .insertInto('order_deadlines')
    .values({ app_id: deadline.appId, order_id: deadline.orderId, expires_at_ms: deadline.expiresAtMs })
    .execute()
}

/** The deadlines that have passed, the longest past first, after one that was seen already; with whose order it is. */
export async function selectDueDeadlines(
  db: Db,
  { nowMs, after, limit }: { nowMs: number; after: DueDeadline | null; limit: number },
): Promise<DueDeadline[]> {
  let query = db
    .selectFrom('order_deadlines')
    .innerJoin('orders', (join) =>
      join
        .onRef('orders.app_id', '=', 'order_deadlines.app_id')
        .onRef('orders.order_id', '=', 'order_deadlines.order_id'),
    )
    .select(['order_deadlines.app_id', 'order_deadlines.order_id', 'order_deadlines.expires_at_ms', 'orders.user_id'])
    .where('order_deadlines.expires_at_ms', '<=', nowMs)
    .orderBy('order_deadlines.expires_at_ms')
    .orderBy('order_deadlines.order_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('order_deadlines.expires_at_ms', '>=', after.expires_at_ms),
        eb.or([
          eb('order_deadlines.expires_at_ms', '>', after.expires_at_ms),
          eb('order_deadlines.order_id', '>', after.order_id),
        ]),
      ]),
    )
  }
  return await query.execute()
}

export type DueDeadline = Row<'order_deadlines'> & Pick<Row<'orders'>, 'user_id'>

export async function deleteDeadlines(
  tx: Tx,
  { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] },
): Promise<void> {
  if (orderIds.length === 0) return
  await tx.deleteFrom('order_deadlines').where('app_id', '=', appId).where('order_id', 'in', orderIds).execute()
}

/** A player's orders that wait for a payment, oldest first, among those made in a time. The caller holds the player. */
export async function selectPending(
  tx: Tx,
  { playerId, afterMs, untilMs }: { playerId: PlayerId; afterMs: number; untilMs: number },
): Promise<Row<'orders'>[]> {
  return await tx
    .selectFrom('orders')
    .selectAll()
    .where('user_id', '=', playerId)
    .where('created_at_ms', '>', afterMs)
    // One from after a clock that went back must not keep its player waiting for a day.
    .where('created_at_ms', '<=', untilMs)
    .where('status', '=', 'pending')
    .orderBy('created_at_ms')
    .execute()
}

/** An order of one player, or null: unknown, or another's. */
export async function findOrder(
  db: Db,
  { appId, orderId, playerId }: { appId: AppId; orderId: OrderId; playerId: PlayerId },
): Promise<Row<'orders'> | null> {
  const row = await db
    .selectFrom('orders')
    .selectAll()
    .where('app_id', '=', appId)
    .where('order_id', '=', orderId)
    .executeTakeFirst()
  return row && row.user_id === playerId ? row : null
}

/** A page of a player's orders, newest first, read by key: the same cost at any depth. */
export async function selectHistory(
  db: Db,
  page: { playerId: PlayerId; limit: number; after: PagePosition | null; status: OrderStatus | null },
): Promise<Row<'orders'>[]> {
  const { after, status } = page
  let query = db
    .selectFrom('orders')
    .selectAll()
    .where('user_id', '=', page.playerId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('order_id', 'desc')
    .limit(page.limit)
  if (status) query = query.where('status', '=', status)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('created_at_ms', '<=', after.createdAtMs),
        eb.or([eb('created_at_ms', '<', after.createdAtMs), eb('order_id', '<', after.id as OrderId)]),
      ]),
    )
  }
  return await query.execute()
}
