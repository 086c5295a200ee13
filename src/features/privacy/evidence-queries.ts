import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, OrderId, PaymentEventId, PaymentId, PlayerId, ReviewEntryId } from '../../kernel/ids.ts'

/** Whose evidence is looked for. */
export interface Person {
  readonly appId: AppId
  readonly playerId: PlayerId
}

/** A kept message without its body. */
export type EventHead = Row<'payment_events'>

/** A page of a player's orders, oldest first, read by key. */
export async function selectOrdersOf(
  db: Db,
  { playerId, after, limit }: { playerId: PlayerId; after: Row<'orders'> | null; limit: number },
): Promise<Row<'orders'>[]> {
  let query = db
    .selectFrom('orders')
    .selectAll()
    .where('user_id', '=', playerId)
    .orderBy('created_at_ms')
    .orderBy('order_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('created_at_ms', '>=', after.created_at_ms),
        eb.or([eb('created_at_ms', '>', after.created_at_ms), eb('order_id', '>', after.order_id)]),
      ]),
    )
  }
  return await query.execute()
}

/** The player's payments whose first line is for one of these orders of theirs. */
export async function selectPaymentsOfOrders(
  db: Db,
  { appId, playerId, orderIds }: Person & { orderIds: readonly OrderId[] },
): Promise<Row<'payments'>[]> {
  if (orderIds.length === 0) return []
  return await db
    .selectFrom('payment_lines')
    .innerJoin('payments', 'payments.payment_id', 'payment_lines.payment_id')
    .selectAll('payments')
    .where('payment_lines.app_id', '=', appId)
    .where('payment_lines.order_id', 'in', orderIds)
    .where('payment_lines.line_no', '=', 1)
    .where('payments.payer_user_id', '=', playerId)
    .orderBy('payments.payment_id')
    .execute()
}

/** A payment that waits, or waited, for a person, and names an order which is not its payer's or is not there. */
export interface StrayPayment {
  readonly entryId: ReviewEntryId
  readonly payment: Row<'payments'>
}

/**
 * The player's payments that none of their orders leads to, a page at a time. Money that was granted, or that came a
 * second time, names an order of its payer; all other has a review entry in its payer's name.
 */
export async function selectStrayPayments(
  db: Db,
  { appId, playerId, after, limit }: Person & { after: ReviewEntryId | null; limit: number },
): Promise<StrayPayment[]> {
  let query = db
    .selectFrom('review_entries')
    .innerJoin('payments', 'payments.payment_id', 'review_entries.payment_id')
    .leftJoin('orders', (join) =>
      join
        .onRef('orders.app_id', '=', 'review_entries.app_id')
        .onRef('orders.order_id', '=', 'review_entries.order_id'),
    )
    .selectAll('payments')
    .select('review_entries.entry_id')
    .where('review_entries.user_id', '=', playerId)
    .where('review_entries.app_id', '=', appId)
    .where('review_entries.line_no', '=', 1)
    .where((eb) => eb.or([eb('orders.user_id', 'is', null), eb('orders.user_id', '<>', playerId)]))
    .orderBy('review_entries.entry_id')
    .limit(limit)
  if (after !== null) query = query.where('review_entries.entry_id', '>', after)
  const rows = await query.execute()
  return rows.map(({ entry_id, ...payment }) => ({ entryId: entry_id, payment }))
}

/** Holds payments, so that whatever is told of them again is told after. */
export async function holdPayments(tx: Tx, paymentIds: readonly PaymentId[]): Promise<void> {
  await tx
    .selectFrom('payments')
    .select('payment_id')
    .where('payment_id', 'in', [...paymentIds].sort())
    .orderBy('payment_id')
    .forUpdate()
    .execute()
}

/** A page of the messages that told of some payments. */
export async function selectEventsOfPayments(
  db: Db,
  page: { paymentIds: readonly PaymentId[]; after: PaymentEventId | null; limit: number },
): Promise<EventHead[]> {
  if (page.paymentIds.length === 0) return []
  let query = db
    .selectFrom('payment_events')
    .selectAll()
    .where('payment_id', 'in', page.paymentIds)
    .orderBy('event_id')
    .limit(page.limit)
  if (page.after !== null) query = query.where('event_id', '>', page.after)
  return await query.execute()
}

/** A page of the messages about orders of the player that told of no money: what failed or was given up. */
export async function selectFailuresOfOrders(
  db: Db,
  page: { appId: AppId; orderIds: readonly OrderId[]; after: PaymentEventId | null; limit: number },
): Promise<EventHead[]> {
  if (page.orderIds.length === 0) return []
  let query = db
    .selectFrom('payment_events')
    .selectAll()
    .where('app_id', '=', page.appId)
    .where('order_id', 'in', page.orderIds)
    .where('payment_id', 'is', null)
    // Told of this order by mistake; it names somebody else, or is found among those that belong to nobody.
    .where('verdict', '<>', 'order_conflict')
    .orderBy('event_id')
    .limit(page.limit)
  if (page.after !== null) query = query.where('event_id', '>', page.after)
  return await query.execute()
}

/**
 * A page of an app's messages that belong to no payment and no order: not understood, or kept because settling broke.
 * Few, read by key; whom they name stands in their bodies alone.
 */
export async function selectStrayEvents(
  db: Db,
  { appId, after, limit }: { appId: AppId; after: EventHead | null; limit: number },
): Promise<EventHead[]> {
  let query = db
    .selectFrom('payment_events')
    .selectAll()
    .where('app_id', '=', appId)
    .where('order_id', 'is', null)
    .where('payment_id', 'is', null)
    .orderBy('received_at_ms')
    .orderBy('event_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('received_at_ms', '>=', after.received_at_ms),
        eb.or([eb('received_at_ms', '>', after.received_at_ms), eb('event_id', '>', after.event_id)]),
      ]),
    )
  }
  return await query.execute()
}

/** A page of the failures that were told of somebody else's order, or of another item: whom they name is in their bodies. */
export async function selectMisplacedFailures(
  db: Db,
  { appId, after, limit }: { appId: AppId; after: EventHead | null; limit: number },
): Promise<EventHead[]> {
  let query = db
    .selectFrom('payment_events')
    .selectAll()
    .where('payment_id', 'is', null)
    .where('verdict', '=', 'order_conflict')
    .where('app_id', '=', appId)
    .orderBy('event_id')
    .limit(limit)
  if (after) query = query.where('event_id', '>', after.event_id)
  return await query.execute()
}

/** The raw bodies of messages. */
export async function selectBodies(
  db: Db,
  eventIds: readonly PaymentEventId[],
): Promise<Map<PaymentEventId, Uint8Array>> {
  if (eventIds.length === 0) return new Map()
  const rows = await db.selectFrom('payment_event_bodies').selectAll().where('event_id', 'in', eventIds).execute()
  return new Map(rows.map((row) => [row.event_id, row.body]))
}
