import type { AppId, OrderId, PaymentId, RefundIntentId, ReviewEntryId, StaffActionId } from '../../kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'

/**
 * `open`: the platform is asked until it answers. `done`: booked. `refused`: the platform said no, and nothing went back.
 * `failed`: it was asked in vain for too long, and what it did is not known: only the same key may ask again.
 */
export type RefundIntentState = 'open' | 'done' | 'refused' | 'failed'

/** Money that is to go back, written down before its platform is asked. A payment has one at most that is `open`. */
export interface RefundIntentsTable {
  intent_id: RefundIntentId
  app_id: AppId
  payment_id: PaymentId
  /** The line that it is about; null: the whole payment. */
  line_no: number | null
  /** The order that the line named: what the platform knows. */
  order_id: OrderId
  /** Null: all of it. */
  amount_minor: MinorUnits | null
  currency: CurrencyCode | null
  state: RefundIntentState
  /** The same for every attempt: by it the platform gives the money back once. */
  idempotency_key: string
  attempts: number
  next_attempt_at_ms: number
  /** Until then one process is at it. */
  lease_until_ms: number
  /** The error code of the last attempt. */
  last_error: string | null
  /** The platform's id of the refund; `operator:<intent>` where a person stated it. */
  refund_id: string | null
  created_at_ms: number
  updated_at_ms: number
}

/** What a person decided about money: who, when, what. Rows are never changed. */
export interface StaffActionsTable {
  action_id: StaffActionId
  app_id: AppId
  kind: 'approve' | 'refund'
  by_name: string
  payment_id: PaymentId
  order_id: OrderId
  entry_id: ReviewEntryId | null
  /** JSON object. */
  details: string
  at_ms: number
}
