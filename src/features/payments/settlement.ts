import type { OrderStatus } from '../../db/schema.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { LockedOrder } from '../orders/index.ts'

/** What a payment has given: the same for every retry, but for `replayed` and the order's present status. */
export interface Settlement {
  readonly orderId: OrderId
  readonly orderStatus: OrderStatus
  readonly coinsGranted: number
  readonly tokensGranted: number
  readonly isFirstCharge: boolean
  /** True when this delivery granted nothing because an earlier one did. */
  readonly replayed: boolean
  /** The wallet right after the grant. */
  readonly balance: { readonly coins: number; readonly tokens: number }
}

/** Reads the grant that stands on an order for ever. */
export function settlementOf(order: LockedOrder, { replayed }: { replayed: boolean }): Settlement {
  const { balance_coins_after: coins, balance_tokens_after: tokens } = order
  invariant(coins !== null && tokens !== null, `order ${order.order_id} was granted and keeps its balance`)
  return {
    orderId: order.order_id,
    orderStatus: order.status,
    coinsGranted: order.coins,
    tokensGranted: order.tokens,
    isFirstCharge: order.is_first_charge === 1,
    replayed,
    balance: { coins, tokens },
  }
}
