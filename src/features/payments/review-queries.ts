import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { AppId, OrderId, PaymentId, RefundIntentId, ReviewEntryId } from '../../kernel/ids.ts'

/** An entry of the review queue with the money that it is about. */
export type QueuedMoney = Row<'review_entries'> &
  Pick<Row<'payment_lines'>, 'item_id' | 'quantity' | 'price_minor' | 'currency' | 'standing' | 'granted_order_id'>

const MONEY = [
  ...(['l.item_id', 'l.quantity', 'l.price_minor', 'l.currency'] as const),
  ...(['l.standing', 'l.granted_order_id'] as const),
] as const

/** A page of an app's open entries, oldest first, read by key: the same cost at any depth. */
export async function selectOpenEntries(
  db: Db,
  { appId, limit, after }: { appId: AppId; limit: number; after: PagePosition | null },
): Promise<QueuedMoney[]> {
  let query = db
    .selectFrom('review_entries as e')
    .innerJoin('payment_lines as l', (join) =>
      join.onRef('l.payment_id', '=', 'e.payment_id').onRef('l.line_no', '=', 'e.line_no'),
    )
    .selectAll('e')
    .select(MONEY)
    .where('e.app_id', '=', appId)
    .where('e.state', '=', 'open')
    .orderBy('e.created_at_ms')
    .orderBy('e.entry_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('e.created_at_ms', '>=', after.createdAtMs),
        eb.or([eb('e.created_at_ms', '>', after.createdAtMs), eb('e.entry_id', '>', after.id as ReviewEntryId)]),
      ]),
    )
  }
  return await query.execute()
}

/** An entry of an app, open or closed. */
export async function findEntry(
  db: Db,
  { appId, entryId }: { appId: AppId; entryId: ReviewEntryId },
): Promise<Row<'review_entries'> | null> {
  const row = await db.selectFrom('review_entries').selectAll().where('entry_id', '=', entryId).executeTakeFirst()
  return row?.app_id === appId ? row : null
}

/** Every line of an app's payments that names an order or was granted to it, with its entry where it has one. */
export async function selectLinesAbout(
  db: Db,
  { appId, orderId, grantedPaymentId }: { appId: AppId; orderId: OrderId; grantedPaymentId: PaymentId | null },
): Promise<Row<'payment_lines'>[]> {
  const naming = await db
    .selectFrom('payment_lines')
    .selectAll()
    .where('app_id', '=', appId)
    .where('order_id', '=', orderId)
    .execute()
  if (grantedPaymentId === null || naming.some((line) => line.payment_id === grantedPaymentId)) return naming
  const granted = await db
    .selectFrom('payment_lines')
    .selectAll()
    .where('payment_id', '=', grantedPaymentId)
    .where('granted_order_id', '=', orderId)
    .execute()
  return [...naming, ...granted]
}

export async function findAnyOrder(
  db: Db,
  { appId, orderId }: { appId: AppId; orderId: OrderId },
): Promise<Row<'orders'> | null> {
  const query = db.selectFrom('orders').selectAll().where('app_id', '=', appId).where('order_id', '=', orderId)
  return (await query.executeTakeFirst()) ?? null
}

/** What is kept about payments, each kind in its own order of time. */
export async function selectPaymentsWithAll(db: Db, paymentIds: readonly PaymentId[]) {
  // No id fits an empty list, which the engines do not take.
  const ids = paymentIds.length === 0 ? ['' as PaymentId] : [...paymentIds]
  const of = ['payment_id', 'in', ids] as const
  return {
    payments: await db
      .selectFrom('payments')
      .selectAll()
      .where(...of)
      .orderBy('created_at_ms')
      .execute(),
    lines: await db
      .selectFrom('payment_lines')
      .selectAll()
      .where(...of)
      .orderBy('line_no')
      .execute(),
    entries: await db
      .selectFrom('review_entries')
      .selectAll()
      .where(...of)
      .orderBy('created_at_ms')
      .execute(),
    events: await db
      .selectFrom('payment_events')
      .selectAll()
      .where(...of)
      .orderBy('received_at_ms')
      .limit(EVENTS_MAX)
      .execute(),
    reversals: await db
      .selectFrom('payment_reversals')
      .selectAll()
      .where(...of)
      .orderBy('occurred_at_ms')
      .execute(),
    refunds: await db
      .selectFrom('refund_intents')
      .selectAll()
      .where(...of)
      .orderBy('created_at_ms')
      .execute(),
    actions: await db
      .selectFrom('staff_actions')
      .selectAll()
      .where(...of)
      .orderBy('at_ms')
      .execute(),
  }
}

// A platform that repeats itself for days; the first of them tell the story.
const EVENTS_MAX = 200

/** The refunds of a payment, whatever became of them, the oldest first. The caller holds the payment, or only shows them. */
export async function selectRefundIntents(db: Db, paymentId: PaymentId): Promise<Row<'refund_intents'>[]> {
  return await db
    .selectFrom('refund_intents')
    .selectAll()
    .where('payment_id', '=', paymentId)
    .orderBy('created_at_ms')
    .orderBy('intent_id')
    .execute()
}

export async function findRefundIntent(db: Db, intentId: RefundIntentId): Promise<Row<'refund_intents'> | null> {
  const query = db.selectFrom('refund_intents').selectAll().where('intent_id', '=', intentId)
  return (await query.executeTakeFirst()) ?? null
}

/** A payment that an entry or a refund names. */
export async function findPayment(db: Db, paymentId: PaymentId): Promise<Row<'payments'>> {
  return await db.selectFrom('payments').selectAll().where('payment_id', '=', paymentId).executeTakeFirstOrThrow()
}

export async function insertStaffAction(tx: Tx, action: NewRow<'staff_actions'>): Promise<void> {
  await tx.insertInto('staff_actions').values(action).execute()
}

/** Closes a refund that was booked, whoever is at it. The caller holds its payment. */
export async function closeRefundIntent(
  tx: Tx,
  { intentId, refundId, nowMs }: { intentId: RefundIntentId; refundId: string; nowMs: number },
): Promise<void> {
  await tx
    .updateTable('refund_intents')
    .set({ state: 'done', refund_id: refundId, last_error: null, lease_until_ms: 0, updated_at_ms: nowMs })
    .where('intent_id', '=', intentId)
    .execute()
}

export async function insertRefundIntent(tx: Tx, intent: NewRow<'refund_intents'>): Promise<void> {
  await tx.insertInto('refund_intents').values(intent).execute()
}

/** Writes changes of an intent that still stands as it was seen; false when another process was first. */
export async function changeRefundIntent(
  tx: Tx,
  { seen, change }: { seen: Row<'refund_intents'>; change: Partial<Row<'refund_intents'>> },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('refund_intents')
    .set(change)
    .where('intent_id', '=', seen.intent_id)
    .where('state', '=', seen.state)
    .where('attempts', '=', seen.attempts)
    .where('lease_until_ms', '=', seen.lease_until_ms)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** The open refunds that are to be asked for now, the longest due first. */
export async function selectDueRefunds(
  db: Db,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<Row<'refund_intents'>[]> {
  return await db
    .selectFrom('refund_intents')
    .selectAll()
    .where('state', '=', 'open')
    .where('next_attempt_at_ms', '<=', nowMs)
    .where('lease_until_ms', '<=', nowMs)
    .orderBy('next_attempt_at_ms')
    .limit(limit)
    .execute()
}

/**
 * An app's refunds that a person has to know of, the oldest first: under way, given up, or refused by the platform with
 * nothing that came of the money since.
 */
export async function selectUnfinishedRefunds(
  db: Db,
  { appId, limit }: { appId: AppId; limit: number },
): Promise<Row<'refund_intents'>[]> {
  return await db
    .selectFrom('refund_intents as i')
    .selectAll()
    .where('i.app_id', '=', appId)
    .where('i.state', 'in', ['open', 'failed', 'refused'])
    .where((eb) =>
      eb.or([
        eb('i.state', '<>', 'refused'),
        eb.and([
          eb.not(
            eb.exists(
              eb
                .selectFrom('refund_intents as other')
                .select('other.intent_id')
                .whereRef('other.payment_id', '=', 'i.payment_id')
                .where('other.state', '<>', 'refused'),
            ),
          ),
          eb.not(
            eb.exists(
              eb
                .selectFrom('payment_reversals as r')
                .select('r.cause_id')
                .whereRef('r.payment_id', '=', 'i.payment_id')
                .where('r.state', '=', 'taken'),
            ),
          ),
        ]),
      ]),
    )
    .orderBy('i.created_at_ms')
    .limit(limit)
    .execute()
}
