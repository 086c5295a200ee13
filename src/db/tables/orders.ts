import type { Generated } from 'kysely'
import type { AppId, OrderId, PaymentId, PlayerId } from '../../kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'

export type OrderStatus =
  | 'pending'
  | 'completed'
  | 'failed'
  | 'cancelled'
  | 'expired'
  | 'review'
  | 'refunded'
  | 'disputed'

/** `frozen`: price and rewards were promised by POST /orders. `open`: they are decided when the order is paid. */
export type OrderTerms = 'frozen' | 'open'

export interface OrdersTable {
  app_id: AppId
  order_id: OrderId
  user_id: PlayerId
  item_id: number
  item_name_en: string | null
  item_name_zh: string | null
  quantity: number
  status: OrderStatus
  /** `test` once a payment in a platform's play money has granted it or put it in review. */
  environment: Generated<PaymentEnvironment>
  /** How many times its state was recorded, its creation included; each has one outbox event. */
  state_version: number
  terms: OrderTerms
  price_minor: MinorUnits
  currency: CurrencyCode
  /** Promised; once granted, what it gave for ever. */
  coins: number
  tokens: number
  tokens_base: number
  bonus_percent: number
  first_charge_bonus_percent: number
  act_items: string
  is_first_charge: number
  /** The player's number on the one order that spent the first charge, else null: unique, so there is never a second. */
  first_charge_of: PlayerId | null
  /** The payment that was granted; null until then, and never changed after. */
  granted_payment_id: PaymentId | null
  granted_at_ms: number | null
  /** The wallet right after the grant, answered again to every retry. */
  balance_coins_after: number | null
  balance_tokens_after: number | null
  payment_channel: string | null
  payment_method: string | null
  error_code: string | null
  /** The configured channel that the player was sent to; null when a payment came first. */
  channel_instance: string | null
  /** Where the player is sent back to after paying. */
  return_url: string | null
  created_at_ms: number
  expires_at_ms: number | null
  updated_at_ms: number
}

/** A pending order that is to expire; apart from the orders, so that no payment pays for an index. */
export interface OrderDeadlinesTable {
  app_id: AppId
  order_id: OrderId
  expires_at_ms: number
}

/** `open`: can be paid, as far as we know. `closed`: its platform has ended it, or its order was paid. `failed`: asked in vain. */
export type CheckoutState = 'open' | 'closed' | 'failed'

/** A checkout that was opened at a platform which would open a second one if it were asked again. */
export interface CheckoutsTable {
  app_id: AppId
  order_id: OrderId
  instance: string
  /** How its channel asks about it, also once it is closed; null where it cannot be asked. */
  reference: string | null
  /** JSON: what the client was given to pay with, as long as it is open. */
  answer: string
  state: CheckoutState
  attempts: number
  /** When it is to be closed, or to be tried again: the order's deadline at first, sooner when the order is given up. */
  close_at_ms: number
  created_at_ms: number
}
