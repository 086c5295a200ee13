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
