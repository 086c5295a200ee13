import type { AppId, OrderId, PaymentEventId, PaymentId, ReviewEntryId } from '../../kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'

/** Money that a channel has verified. Its identities stand in a table of their own. */
export interface PaymentsTable {
  payment_id: PaymentId
  app_id: AppId
  instance: string
  environment: PaymentEnvironment
  /** The platform's own id of the transaction, when it has told us. */
  transaction_id: string | null
  /** Whom the payment names; need not be a player of ours. */
  payer_user_id: number
  /** What the payer was charged in all, taxes and discounts counted; null: the sum of the lines. */
  charged_minor: MinorUnits | null
  tax_minor: MinorUnits | null
  discount_minor: MinorUnits | null
  created_at_ms: number
}

/** What became of one line of a payment. Only `granted` ever moved a coin. */
export type LineStanding = 'granted' | 'review' | 'duplicate'

export interface PaymentLinesTable {
  payment_id: PaymentId
  line_no: number
  app_id: AppId
  /** The order that the payment named. */
  order_id: OrderId
  item_id: number
  quantity: number
  price_minor: MinorUnits
  currency: CurrencyCode
  standing: LineStanding
  /** Why it stands in review: an error code. */
  refusal: string | null
  /** The order that it was granted to: the named one, or the one that an approval made. */
  granted_order_id: OrderId | null
}

/** A name by which a platform speaks of a payment; its key is unique, so that an identity stands once for ever. */
export interface PaymentIdentitiesTable {
  identity_key: string
  payment_id: PaymentId
  identity: string
}

/** One authenticated message from a platform, kept for ever, with what came of it. */
export interface PaymentEventsTable {
  event_id: PaymentEventId
  app_id: AppId
  instance: string
  environment: PaymentEnvironment
  kind: string
  payment_id: PaymentId | null
  order_id: OrderId | null
  /** What was decided: `granted`, `replayed`, an error code, ...; with no order it says why there is none. */
  verdict: string
  received_at_ms: number
  request_id: string
  /** The last part of the address that it came to, where its platform has several. */
  callback: string | null
  /** JSON object of the allow-listed headers. */
  headers: string
  body_sha256: string
}

/** The raw body, apart, so that a person's can be blanked while its hash stays. */
export interface PaymentEventBodiesTable {
  event_id: PaymentEventId
  body: Uint8Array
}

export type ReviewState = 'open' | 'approved' | 'refunded' | 'returned'

/** Verified money that was not granted, for a person to resolve. Each entry closes once. */
export interface ReviewEntriesTable {
  entry_id: ReviewEntryId
  payment_id: PaymentId
  line_no: number
  app_id: AppId
  order_id: OrderId
  user_id: number
  reason: string
  state: ReviewState
  created_at_ms: number
  closed_at_ms: number | null
}

/** What takes money back from us. `refund`: given back. `dispute`: demanded back, and decided later. */
export type ReversalCause = 'refund' | 'dispute'

/** `open`: a dispute that nobody has decided. `taken`: the money is gone. `undone`: it is ours again. */
export type CauseState = 'open' | 'taken' | 'undone'

/** One refund or dispute of a payment as its platform last told it: there even before the payment itself is. */
export interface PaymentReversalsTable {
  payment_id: PaymentId
  cause: ReversalCause
  /** The platform's id of it; the platform's word for it where it has none. */
  cause_id: string
  state: CauseState
  /** The line that it is about; null: the whole payment. */
  line_no: number | null
  /** How much money it is about; null: all of it. */
  amount_minor: MinorUnits | null
  currency: CurrencyCode | null
  /** When, by the platform's clock, it came to this state: an older notice changes nothing. */
  occurred_at_ms: number
  recorded_at_ms: number
}

/** What one cause took from an order's grant, and from where: its restoration is the exact opposite. */
export interface OrderReversalsTable {
  app_id: AppId
  order_id: OrderId
  /** From 1, in the order in which they were booked. */
  reversal_no: number
  payment_id: PaymentId
  cause: ReversalCause
  cause_id: string
  coins: number
  tokens: number
  /** How many of the tokens were still waiting in the inbox. */
  tokens_from_inbox: number
  /** Given back from `write_off` where a balance would have gone below zero. */
  coins_written_off: number
  tokens_written_off: number
  /** 1 when it withdrew the reward message. */
  message_withdrawn: number
  taken_at_ms: number
  restored_at_ms: number | null
}
