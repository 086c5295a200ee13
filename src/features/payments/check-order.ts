import type { Channels, PlatformLogin } from '../../channels/channel.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import { takeTurn } from '../../kv/take-turn.ts'
import { findCheckout, findOrder } from '../orders/index.ts'
import { type MessageDeps, settleMessage } from './settle-message.ts'

export interface CheckDeps extends MessageDeps {
  readonly channels: Channels
  readonly platformLogin: PlatformLogin
  readonly kv: KeyValueStore
}

/** A platform is asked about one order this often at most: a player who waits presses again and again. */
export const CHECK_EVERY_MS = 10_000

/**
 * For a player who paid and got nothing: asks the platform whether the order was paid, and settles it as any other road
 * would. Gives the order as it stands then. One that was granted, or whose channel cannot be asked, is answered as it is.
 */
export async function checkOrder(
  deps: CheckDeps,
  wanted: { appId: AppId; playerId: PlayerId; orderId: OrderId; requestId: string },
): Promise<Outcome<Row<'orders'>>> {
  const { db } = deps.database
  const order = await findOrder(db, wanted)
  if (!order) return refused('order_not_found')
  const channel = order.channel_instance === null ? null : deps.channels.byInstance(order.channel_instance)
  if (order.granted_payment_id !== null || !channel?.lookUpPayment) return accepted(order)
  const nowMs = deps.clock.nowMs()
  const name = `order-check:${order.app_id}:${order.order_id}`
  const waitMs = await takeTurn(deps.kv, { name, everyMs: CHECK_EVERY_MS, nowMs })
  if (waitMs > 0) return refused('too_many_requests', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  const checkout = channel.keepsCheckouts ? await findCheckout(db, order) : null
  const asked = { orderId: order.order_id, reference: checkout?.reference ?? null }
  const paid = await channel.lookUpPayment({ ...asked, nowMs, requestId: wanted.requestId })
  if (!paid.ok) return paid
  if (paid.value === null) return accepted(order)
  const settled = await settleMessage(deps, paid.value)
  // Any other refusal is what became of the order: it shows on it.
  if (!settled.ok && settled.refusal.code === 'settlement_failed') return settled
  const after = await findOrder(db, wanted)
  invariant(after, `order ${order.order_id} was there before`)
  return accepted(after)
}
