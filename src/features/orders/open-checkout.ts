import type { Channel, Checkout, OrderToPay } from '../../channels/channel.ts'
import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import { findCheckout, insertCheckout } from './checkout-queries.ts'
import { selectOrdersForUpdate } from './queries.ts'

/**
 * Opens the checkout of a pending order. Where its platform would open a second one if it were asked again, what was opened is
 * kept and answered again; of two that were opened at once, both callers get the one that was kept first.
 */
export async function openCheckout(
  { database, clock }: { database: Database; clock: Clock },
  { channel, order }: { channel: Channel; order: OrderToPay },
): Promise<Outcome<Checkout>> {
  if (!channel.keepsCheckouts) return await channel.openCheckout(order)
  const of = { app_id: order.appId, order_id: order.orderId }
  const kept = await findCheckout(database.db, of)
  if (kept) return accepted(JSON.parse(kept.answer) as Checkout)
  const opened = await channel.openCheckout(order)
  if (!opened.ok || opened.value.kind !== 'url') return opened
  const { reference = null, ...answer } = opened.value
  const row = {
    ...of,
    instance: channel.instance,
    reference,
    answer: JSON.stringify(answer),
    state: 'open' as const,
    attempts: 0,
    close_at_ms: order.expiresAtMs,
    created_at_ms: clock.nowMs(),
  }
  await database.inTransaction(async (tx) => {
    // Whoever gave the order up while the platform was asked found no checkout to close.
    const [held] = await selectOrdersForUpdate(tx, { appId: order.appId, orderIds: [order.orderId] })
    await insertCheckout(tx, held?.status === 'pending' ? row : { ...row, close_at_ms: row.created_at_ms })
  })
  const first = await findCheckout(database.db, of)
  invariant(first, `the checkout of order ${order.orderId} was just kept`)
  return accepted(JSON.parse(first.answer) as Checkout)
}
