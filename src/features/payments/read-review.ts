import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type Page, type PagePosition, pageOf } from '../../kernel/cursor.ts'
import type { AppId, OrderId, PaymentId, ReviewEntryId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import {
  findAnyOrder,
  findEntry,
  type QueuedMoney,
  selectLinesAbout,
  selectOpenEntries,
  selectPaymentsWithAll,
  selectUnfinishedRefunds,
} from './review-queries.ts'

/** A page of the queue, oldest first: money that waits for a person. */
export async function listReviewQueue(
  { db }: Database,
  { appId, limit, after }: { appId: AppId; limit: number; after: PagePosition | null },
): Promise<Page<QueuedMoney>> {
  const rows = await selectOpenEntries(db, { appId, limit: limit + 1, after })
  return pageOf(rows, {
    limit,
    positionOf: ({ created_at_ms: createdAtMs, entry_id: id }) => ({ createdAtMs, id }),
  })
}

/** Refunds that are not done: under way, refused by their platform, or given up. */
export async function listUnfinishedRefunds(
  { db }: Database,
  { appId, limit }: { appId: AppId; limit: number },
): Promise<Row<'refund_intents'>[]> {
  return await selectUnfinishedRefunds(db, { appId, limit })
}

/** Everything that is kept about an entry or an order: its orders, its payments, and what was done with them. */
export type ReviewCase = Awaited<ReturnType<typeof selectPaymentsWithAll>> & {
  /** Null where an order was named. */
  readonly entry: Row<'review_entries'> | null
  readonly orders: readonly Row<'orders'>[]
}

/** Finds what an operator names: an entry of the queue, or an order. */
export async function findReviewCase(
  { db }: Database,
  { appId, target }: { appId: AppId; target: string },
): Promise<Outcome<ReviewCase>> {
  const entry = await findEntry(db, { appId, entryId: target as ReviewEntryId })
  const namedId = entry?.order_id ?? (target as OrderId)
  const named = await findAnyOrder(db, { appId, orderId: namedId })
  const grantedPaymentId = named?.granted_payment_id ?? null
  const about = await selectLinesAbout(db, { appId, orderId: namedId, grantedPaymentId })
  if (!named && about.length === 0) return refused('order_not_found')
  const own: PaymentId[] = entry ? [entry.payment_id] : about.map((line) => line.payment_id)
  const kept = await selectPaymentsWithAll(db, [...new Set(own)])
  const orders = named ? [named] : []
  for (const { granted_order_id: orderId } of kept.lines) {
    if (orderId === null || orders.some((order) => order.order_id === orderId)) continue
    const granted = await findAnyOrder(db, { appId, orderId })
    if (granted) orders.push(granted)
  }
  return accepted({ entry, orders, ...kept })
}
