import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, OrderId } from '../../kernel/ids.ts'

interface OfOrder {
  readonly app_id: AppId
  readonly order_id: OrderId
}

/** The checkout that was opened for an order, or null. */
export async function findCheckout(db: Db, { app_id, order_id }: OfOrder): Promise<Row<'checkouts'> | null> {
  const found = await db
    .selectFrom('checkouts')
    .selectAll()
    .where('app_id', '=', app_id)
    .where('order_id', '=', order_id)
    .executeTakeFirst()
  return found ?? null
}

/** Keeps a checkout; where one was kept already, that one stays. */
export async function insertCheckout(tx: Tx, checkout: Row<'checkouts'>): Promise<void> {
  await tx
    .insertInto('checkouts')
    .values(checkout)
    .onDuplicateKeyUpdate((eb) => ({ order_id: eb.ref('order_id') }))
    .execute()
}

/** Lets the checkout of an order that is over be closed at the next run. The caller holds the order. */
export async function closeCheckoutSoon(
  tx: Tx,
  { app_id, order_id, nowMs }: OfOrder & { nowMs: number },
): Promise<void> {
  await tx
    .updateTable('checkouts')
    .set({ close_at_ms: nowMs })
    .where('app_id', '=', app_id)
    .where('order_id', '=', order_id)
    .where('state', '=', 'open')
    .where('close_at_ms', '>', nowMs)
    .execute()
}

/** Open checkouts whose time is over, but for those of some instances, the longest over first. */
export async function selectDueCheckouts(
  db: Db,
  { nowMs, butOf, limit }: { nowMs: number; butOf: readonly string[]; limit: number },
): Promise<Row<'checkouts'>[]> {
  const due = db.selectFrom('checkouts').selectAll().where('state', '=', 'open').where('close_at_ms', '<=', nowMs)
  const asked = butOf.length === 0 ? due : due.where('instance', 'not in', butOf)
  return await asked.orderBy('close_at_ms').limit(limit).execute()
}

/** Writes what came of an attempt at closing; of several processes the first that has read it so does. */
export async function changeCheckout(
  tx: Tx,
  { seen, change }: { seen: Row<'checkouts'>; change: Partial<Row<'checkouts'>> },
): Promise<boolean> {
  const changed = await tx
    .updateTable('checkouts')
    .set(change)
    .where('app_id', '=', seen.app_id)
    .where('order_id', '=', seen.order_id)
    .where('state', '=', 'open')
    .where('attempts', '=', seen.attempts)
    .executeTakeFirst()
  return changed.numUpdatedRows > 0n
}

/** Whether an order was ever granted. */
export async function isGranted(db: Db, { app_id, order_id }: OfOrder): Promise<boolean> {
  const query = db.selectFrom('orders').select('granted_payment_id').where('app_id', '=', app_id)
  const found = await query.where('order_id', '=', order_id).executeTakeFirst()
  return found !== undefined && found.granted_payment_id !== null
}
