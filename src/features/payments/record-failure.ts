import type { VerifiedFailure } from '../../channels/channel.ts'
import type { OrderStatus } from '../../db/schema.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Money } from '../../kernel/money.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import {
  GIVEN_UP_CODE,
  insertOrders,
  type LockedOrder,
  makeOpenOrder,
  mayBecome,
  recordOrderState,
  selectOrdersForUpdate,
  updateOrders,
} from '../orders/index.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { lockPlayers, saveLockedPlayers } from '../players/index.ts'
import { itemAt, listPrice, type StoreItem } from '../store/index.ts'
import { keepEvent, OWN_QUESTIONS, withoutPerson } from './payment-event.ts'
import { insertPaymentEvents } from './queries.ts'
import type { SettleDeps } from './settle-payments.ts'

/** The order as it truly stands after the message: a failure that comes late changes nothing. */
export interface RecordedFailure {
  readonly orderId: OrderId
  readonly orderStatus: OrderStatus
  readonly errorCode: string | null
}

/**
 * Records that a payment failed or was given up. Never takes anything back: a completed order stays completed. An
 * order first seen here promises nothing; it is priced and checked when it is paid.
 */
export async function recordFailure(deps: SettleDeps, failure: VerifiedFailure): Promise<Outcome<RecordedFailure>> {
  const catalogue = await deps.catalogues.of(failure.appId)
  const offer = offerOf(itemAt(catalogue, { itemId: failure.itemId, nowMs: deps.clock.nowMs() }))
  const { outcome, verdict } = await deps.database.inTransaction(async (tx) => {
    const nowMs = deps.clock.nowMs()
    const named = { appId: failure.appId, orderIds: [failure.orderId] }
    const [existing] = await selectOrdersForUpdate(tx, named)
    const player = (await lockPlayers(tx, [failure.playerId])).get(failure.playerId)
    const refusal = refuse(failure, {
      existing,
      offer,
      isKnownPlayer: player?.app_id === failure.appId && player.status === 'active',
    })
    if (refusal || !player) {
      const code = refusal ?? 'player_not_found'
      const orderId = existing?.order_id ?? null
      const kept = keepEvent(failure, { verdict: code, paymentId: null, orderId })
      const isOfErased = player?.app_id === failure.appId && player.status === 'erased'
      const isAnswer = OWN_QUESTIONS.has(failure.evidence.kind)
      if (!isAnswer) await insertPaymentEvents(tx, [isOfErased ? withoutPerson(kept) : kept])
      return { outcome: refused(code), verdict: code as string }
    }
    // From here on nothing may be refused.
    const to = failure.errorCode === GIVEN_UP_CODE ? 'cancelled' : 'failed'
    const isFirstCharge = player.first_charge_order_id === null
    const order = existing ?? (offer && openOrder(failure, { ...offer, isFirstCharge, nowMs, status: to }))
    invariant(order, 'a new order has an item: that was asked before')
    const changes = !existing || mayBecome(existing.status, to)
    if (changes) {
      order.error_code = failure.errorCode
      order.payment_channel = failure.shown.channel ?? order.payment_channel
      order.payment_method = failure.shown.method ?? order.payment_method
      const event = existing
        ? recordOrderState({ order, player, nowMs, from: existing.status, to })
        : recordOrderState({ order, player, nowMs, from: null })
      await (existing ? updateOrders(tx, [order]) : insertOrders(tx, [order]))
      await saveLockedPlayers(tx, [player])
      await insertOutboxEvents(tx, [event])
    }
    const verdict: string = changes ? to : 'unchanged'
    // Every callback is kept; an answer to a question of our own when it tells something new.
    if (changes || !OWN_QUESTIONS.has(failure.evidence.kind)) {
      await insertPaymentEvents(tx, [keepEvent(failure, { verdict, paymentId: null, orderId: order.order_id })])
    }
    const recorded = { orderId: order.order_id, orderStatus: order.status, errorCode: order.error_code }
    return { outcome: accepted(recorded), verdict }
  })
  deps.count({ kind: failure.evidence.kind, verdict })
  return outcome
}

/** An item with the price that the store shows for it. */
interface Offer {
  readonly item: StoreItem
  readonly price: Money
}

function offerOf(item: StoreItem | null): Offer | null {
  const price = item ? listPrice(item) : null
  return item && price ? { item, price } : null
}

function refuse(
  failure: VerifiedFailure,
  facts: { existing: LockedOrder | undefined; offer: Offer | null; isKnownPlayer: boolean },
): 'player_not_found' | 'order_conflict' | 'item_not_found' | null {
  if (!facts.isKnownPlayer) return 'player_not_found'
  if (facts.existing) {
    const same = facts.existing.user_id === failure.playerId && facts.existing.item_id === failure.itemId
    return same ? null : 'order_conflict'
  }
  return facts.offer ? null : 'item_not_found'
}

function openOrder(
  failure: VerifiedFailure,
  facts: Offer & { isFirstCharge: boolean; nowMs: number; status: 'failed' | 'cancelled' },
): LockedOrder {
  return makeOpenOrder({
    appId: failure.appId,
    orderId: failure.orderId,
    playerId: failure.playerId,
    itemId: failure.itemId,
    quantity: 1,
    environment: failure.environment,
    // Shown, and binding nobody: an open order is priced when it is paid.
    ...facts,
  })
}
