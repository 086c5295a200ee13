import type { NewRow, OrderStatus, Row } from '../../db/schema.ts'
import { isoTime } from '../../kernel/clock.ts'
import { invariant } from '../../kernel/invariant.ts'
import { majorNumber } from '../../kernel/money.ts'
import { appendEvent, type EventSequence } from '../outbox/index.ts'
import { mayBecome } from './rules.ts'

/** An order whose row this transaction holds or has just made; changed in memory and saved once. */
export type LockedOrder = Row<'orders'>

/**
 * Records an order's state: its creation (`from: null`) or a change that the state table allows. Gives the outbox
 * event that tells the game server; there is exactly one for each recorded state. The caller holds order and player.
 */
export function recordOrderState(
  change: { order: LockedOrder; player: EventSequence; nowMs: number; reason?: string } & (
    | { from: null }
    | { from: OrderStatus; to: OrderStatus }
  ),
): NewRow<'outbox_events'> {
  const { order, player, nowMs } = change
  invariant(order.user_id === player.user_id, `order ${order.order_id} belongs to another player than the locked one`)
  if (change.from !== null) {
    invariant(order.status === change.from, `order ${order.order_id} is ${order.status}, not ${change.from}`)
    invariant(mayBecome(change.from, change.to), `an order cannot go from ${change.from} to ${change.to}`)
    order.status = change.to
  }
  order.state_version += 1
  order.updated_at_ms = nowMs
  return appendEvent(player, {
    type: `order.${order.status}`,
    order: { orderId: order.order_id, stateVersion: order.state_version },
    nowMs,
    payload: {
      order_id: order.order_id,
      uid: String(order.user_id),
      item_id: order.item_id,
      quantity: order.quantity,
      order_status: order.status,
      state_version: order.state_version,
      price: majorNumber({ minor: order.price_minor, currency: order.currency }),
      currency: order.currency,
      coins: order.coins,
      tokens: order.tokens,
      is_first_charge: order.is_first_charge === 1,
      payment_channel: order.payment_channel,
      error_code: order.error_code,
      ...(order.environment === 'test' ? { test: true } : {}),
      ...(change.reason === undefined ? {} : { reason: change.reason }),
      occurred_at: isoTime(nowMs),
    },
  })
}
