import type { Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { AppId, OrderId, PaymentId } from '../../kernel/ids.ts'
import { minorUnits } from '../../kernel/money.ts'
import { type Cause, mergedCauses } from './reversal-rules.ts'
import { LEAVES_ORDER_ALONE } from './rules.ts'

/** Every refund and dispute of a payment, the earliest first. The caller holds the payment. */
export async function selectCauses(tx: Tx, paymentId: PaymentId): Promise<Cause[]> {
  const rows = await tx
    .selectFrom('payment_reversals')
    .selectAll()
    .where('payment_id', '=', paymentId)
    .orderBy('occurred_at_ms')
    .orderBy('cause')
    .orderBy('cause_id')
    .execute()
  return rows.map(causeOf)
}

/** Writes causes as they stand now in the place of what stood of them. The caller holds the payment. */
export async function saveCauses(
  tx: Tx,
  { paymentId, causes, nowMs }: { paymentId: PaymentId; causes: readonly Cause[]; nowMs: number },
): Promise<void> {
  for (const { cause, causeId } of causes) {
    await tx
      .deleteFrom('payment_reversals')
      .where('payment_id', '=', paymentId)
      .where('cause', '=', cause)
      .where('cause_id', '=', causeId)
      .execute()
  }
  const rows = causes.map((cause) => causeRow(paymentId, cause, nowMs))
  if (rows.length > 0) await tx.insertInto('payment_reversals').values(rows).execute()
}

/** Gives what was told of one payment under two names to the one that stays; the other has no name left, and goes. */
export async function mergeCauses(
  tx: Tx,
  { into, from, nowMs }: { into: PaymentId; from: PaymentId; nowMs: number },
): Promise<void> {
  const merged = mergedCauses(await selectCauses(tx, into), await selectCauses(tx, from))
  await tx.deleteFrom('payment_reversals').where('payment_id', '=', from).execute()
  await saveCauses(tx, { paymentId: into, causes: merged, nowMs })
  await tx.updateTable('payment_identities').set({ payment_id: into }).where('payment_id', '=', from).execute()
  await tx.updateTable('payment_events').set({ payment_id: into }).where('payment_id', '=', from).execute()
  await tx.deleteFrom('payments').where('payment_id', '=', from).execute()
}

/** What was taken from orders, in the order in which it was booked. The caller holds the orders. */
export async function selectOrderReversals(
  tx: Tx,
  { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] },
): Promise<Row<'order_reversals'>[]> {
  if (orderIds.length === 0) return []
  return await tx
    .selectFrom('order_reversals')
    .selectAll()
    .where('app_id', '=', appId)
    .where('order_id', 'in', orderIds)
    .orderBy('order_id')
    .orderBy('reversal_no')
    .execute()
}

export async function insertOrderReversals(tx: Tx, rows: readonly NewRow<'order_reversals'>[]): Promise<void> {
  if (rows.length > 0) await tx.insertInto('order_reversals').values(rows).execute()
}

export async function saveRestored(tx: Tx, row: Row<'order_reversals'>): Promise<void> {
  await tx
    .updateTable('order_reversals')
    .set({ restored_at_ms: row.restored_at_ms })
    .where('app_id', '=', row.app_id)
    .where('order_id', '=', row.order_id)
    .where('reversal_no', '=', row.reversal_no)
    .execute()
}

/** The queue's entries of a payment; each of its lines has one at most. The caller holds the payment. */
export async function selectReviewEntries(tx: Tx, paymentId: PaymentId): Promise<Row<'review_entries'>[]> {
  return await tx.selectFrom('review_entries').selectAll().where('payment_id', '=', paymentId).execute()
}

/**
 * Those of the named orders that money of another payment keeps in review. The caller holds the orders, and with them
 * every entry that put them there.
 */
export async function selectWaitingOrders(
  tx: Tx,
  { appId, orderIds, butFor }: { appId: AppId; orderIds: readonly OrderId[]; butFor: PaymentId },
): Promise<Set<OrderId>> {
  if (orderIds.length === 0) return new Set()
  const rows = await tx
    .selectFrom('payment_lines as l')
    .innerJoin('review_entries as r', (join) =>
      join.onRef('r.payment_id', '=', 'l.payment_id').onRef('r.line_no', '=', 'l.line_no'),
    )
    .select('l.order_id')
    .where('l.app_id', '=', appId)
    .where('l.order_id', 'in', orderIds)
    .where('l.payment_id', '<>', butFor)
    .where('l.standing', '=', 'review')
    .where('l.refusal', 'not in', LEAVES_ORDER_ALONE)
    .where('r.state', '=', 'open')
    .execute()
  return new Set(rows.map((row) => row.order_id))
}

export async function saveReviewEntry(
  tx: Tx,
  entry: Pick<Row<'review_entries'>, 'entry_id' | 'state' | 'closed_at_ms'>,
): Promise<void> {
  await tx
    .updateTable('review_entries')
    .set({ state: entry.state, closed_at_ms: entry.closed_at_ms })
    .where('entry_id', '=', entry.entry_id)
    .execute()
}

function causeRow(paymentId: PaymentId, cause: Cause, nowMs: number): NewRow<'payment_reversals'> {
  return {
    payment_id: paymentId,
    cause: cause.cause,
    cause_id: cause.causeId,
    state: cause.state,
    line_no: cause.lineNo,
    amount_minor: cause.amount?.minor ?? null,
    currency: cause.amount?.currency ?? null,
    occurred_at_ms: cause.occurredAtMs,
    recorded_at_ms: nowMs,
  }
}

export function causeOf(row: Row<'payment_reversals'>): Cause {
  const { amount_minor: minor, currency } = row
  return {
    cause: row.cause,
    causeId: row.cause_id,
    state: row.state,
    lineNo: row.line_no,
    amount: minor === null || currency === null ? null : { minor: minorUnits(minor), currency },
    occurredAtMs: row.occurred_at_ms,
  }
}
