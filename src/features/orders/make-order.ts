import type { OrderStatus } from '../../db/schema.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import { rewardOf, type StoreItem } from '../store/index.ts'
import type { LockedOrder } from './change-order-state.ts'

/**
 * A new order in memory, its state not yet recorded. With an item it shows what that item would give now; without one
 * (an item that we do not know) it has no name and gives nothing. Its terms are open: decided when it is paid.
 */
export function makeOpenOrder(order: {
  appId: AppId
  orderId: OrderId
  playerId: PlayerId
  itemId: number
  item: StoreItem | null
  quantity: number
  price: Money
  isFirstCharge: boolean
  status: OrderStatus
  environment: PaymentEnvironment
  nowMs: number
}): LockedOrder {
  const { item } = order
  const reward = item ? rewardOf(item.terms, { isFirstCharge: order.isFirstCharge, quantity: order.quantity }) : null
  const made: LockedOrder = {
    app_id: order.appId,
    order_id: order.orderId,
    user_id: order.playerId,
    item_id: order.itemId,
    item_name_en: null,
    item_name_zh: null,
    quantity: order.quantity,
    status: order.status,
    environment: order.environment,
    state_version: 0,
    terms: 'open',
    price_minor: order.price.minor,
    currency: order.price.currency,
    coins: reward?.coins ?? 0,
    tokens: reward ? reward.tokensBase + reward.tokensBonus : 0,
    tokens_base: 0,
    bonus_percent: 0,
    first_charge_bonus_percent: 0,
    act_items: '[]',
    is_first_charge: 0,
    first_charge_of: null,
    granted_payment_id: null,
    granted_at_ms: null,
    balance_coins_after: null,
    balance_tokens_after: null,
    payment_channel: null,
    payment_method: null,
    error_code: null,
    channel_instance: null,
    return_url: null,
    created_at_ms: order.nowMs,
    expires_at_ms: null,
    updated_at_ms: order.nowMs,
  }
  if (item) takeTerms(made, item)
  return made
}

/** Writes an item's present terms on an order that promised none: open ones are decided when they are paid. */
export function takeTerms(order: LockedOrder, item: StoreItem): void {
  order.item_name_en = item.nameEn
  order.item_name_zh = item.nameZh
  order.tokens_base = item.terms.tokensBase
  order.bonus_percent = item.terms.bonusPercent
  order.first_charge_bonus_percent = item.terms.firstChargeBonusPercent
  order.act_items = JSON.stringify(item.terms.actItems)
}
