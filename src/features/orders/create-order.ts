import type { Channels, Checkout, OrderToPay } from '../../channels/channel.ts'
import type { Database, Tx } from '../../db/database.ts'
import { KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import { type AppId, newOrderId, type OrderId, type PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Money } from '../../kernel/money.ts'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { type LockedPlayer, lockActivePlayer, saveLockedPlayers } from '../players/index.ts'
import { type Catalogues, itemAt, listPrice, mayBuy, type StoreItem } from '../store/index.ts'
import { type LockedOrder, recordOrderState } from './change-order-state.ts'
import { makeOpenOrder } from './make-order.ts'
import { openCheckout } from './open-checkout.ts'
import { findOrder, insertDeadline, insertOrders, selectPending } from './queries.ts'
import { listedReturnUrl, ORDER_LIFE_MS } from './rules.ts'

export interface CreateOrderDeps {
  readonly database: Database
  readonly clock: Clock
  readonly catalogues: Catalogues
  readonly apps: Apps
  readonly channels: Channels
}

/** What a player wants to buy, and how they want to pay. */
export interface OrderRequest {
  readonly appId: AppId
  readonly playerId: PlayerId
  readonly itemId: number
  readonly channel: string
  readonly returnUrl: string | null
  /** As their calls are counted; it is told to a platform that has to know it, and kept nowhere. */
  readonly clientAddress: string
  readonly language: Language
}

// More than anybody has open at once by honest means; each lives for half an hour.
const PENDING_MAX = 20

/**
 * Makes a pending order that keeps its price and rewards for half an hour, and opens its checkout. The order is written
 * first: should the platform be out of reach, it waits there unpaid and ends by itself.
 * With a key, a retry is answered the same order, and its checkout while it still waits.
 */
export async function createOrder<A extends { readonly order_id: string }>(
  deps: CreateOrderDeps,
  { reply, ...request }: OrderRequest & { reply: Reply<LockedOrder, A> },
): Promise<Outcome<{ answer: A; checkout: Checkout | null }>> {
  const { appId, playerId } = request
  const channel = deps.channels.forOrder(appId, request.channel)
  const listed = deps.apps.find(appId)?.returnUrls ?? []
  const returnUrl = request.returnUrl === null ? null : listedReturnUrl(request.returnUrl, listed)
  const catalogue = await deps.catalogues.of(appId)
  const item = itemAt(catalogue, { itemId: request.itemId, nowMs: deps.clock.nowMs() })
  // Refused inside, behind the key: a retry is answered what it was, whatever was configured meanwhile.
  const answered = await transactOnce(deps, { reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    if (!channel) return refusedField('payment_channel', 'is no channel of this app')
    if (request.returnUrl !== null && returnUrl === null) return refusedField('return_url', "is not on the app's list")
    return writeOrder(tx, { ...request, returnUrl, item, instance: channel.instance, nowMs: deps.clock.nowMs() })
  })
  if (!answered.ok) return answered
  const orderId = answered.value.order_id as OrderId
  const order = await findOrder(deps.database.db, { appId, playerId, orderId })
  invariant(order, `order ${orderId} was just made`)
  // A retry may come when the order is paid or over: then there is nothing left to open.
  const isOver = order.status !== 'pending' || (order.expires_at_ms ?? 0) <= deps.clock.nowMs()
  if (isOver || !channel) return accepted({ answer: answered.value, checkout: null })
  const checkout = await openCheckout(deps, {
    channel,
    order: orderToPay(order, { ...request, nowMs: deps.clock.nowMs() }),
  })
  return checkout.ok ? accepted({ answer: answered.value, checkout: checkout.value }) : checkout
}

async function writeOrder(
  tx: Tx,
  request: OrderRequest & { item: StoreItem | null; instance: string; nowMs: number },
): Promise<Outcome<LockedOrder>> {
  const { appId, playerId, item, nowMs } = request
  const player = await lockActivePlayer(tx, { appId, playerId })
  if (!player) return refused('player_not_found')
  // Who demands money back is sold nothing more until that is decided.
  if (player.open_disputes > 0) return refused('player_disputed')
  const price = item ? listPrice(item) : null
  // Nothing was paid yet, so there is nothing for support to find.
  if (!item || !price) return refused('item_not_found', { action: 'show_message' })
  if (!mayBuy(item, player)) return refused('item_locked', { action: 'show_message' })
  const pending = await selectPending(tx, { playerId, afterMs: nowMs - ORDER_LIFE_MS, untilMs: nowMs })
  const [oldest] = pending
  if (oldest && pending.length >= PENDING_MAX) {
    const waitMs = oldest.created_at_ms + ORDER_LIFE_MS - nowMs
    return refused('too_many_requests', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }
  // From here on nothing may be refused.
  const order = pendingOrder(request, { item, price, player })
  const event = recordOrderState({ order, player, nowMs, from: null })
  await insertOrders(tx, [order])
  await insertDeadline(tx, { appId, orderId: order.order_id, expiresAtMs: nowMs + ORDER_LIFE_MS })
  await saveLockedPlayers(tx, [player])
  await insertOutboxEvents(tx, [event])
  return accepted(order)
}

function pendingOrder(
  request: OrderRequest & { instance: string; nowMs: number },
  { item, price, player }: { item: StoreItem; price: Money; player: LockedPlayer },
): LockedOrder {
  const order = makeOpenOrder({
    appId: request.appId,
    orderId: newOrderId(),
    playerId: request.playerId,
    itemId: request.itemId,
    item,
    quantity: 1,
    price,
    isFirstCharge: player.first_charge_order_id === null,
    status: 'pending',
    // What it is paid with shows when it is paid.
    environment: 'live',
    nowMs: request.nowMs,
  })
  order.terms = 'frozen'
  order.payment_channel = request.channel
  order.channel_instance = request.instance
  order.return_url = request.returnUrl
  order.expires_at_ms = request.nowMs + ORDER_LIFE_MS
  return order
}

function orderToPay(
  order: LockedOrder,
  { language, clientAddress, nowMs }: Pick<OrderRequest, 'language' | 'clientAddress'> & { nowMs: number },
): OrderToPay {
  return {
    appId: order.app_id,
    orderId: order.order_id,
    playerId: order.user_id,
    itemId: order.item_id,
    itemName: (language === 'zh' ? order.item_name_zh : order.item_name_en) ?? '',
    quantity: order.quantity,
    price: { minor: order.price_minor, currency: order.currency },
    channelShown: order.payment_channel ?? '',
    returnUrl: order.return_url,
    expiresAtMs: order.expires_at_ms ?? order.created_at_ms + ORDER_LIFE_MS,
    ...{ clientAddress, nowMs },
  }
}
