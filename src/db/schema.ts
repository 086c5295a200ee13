import type { Generated, Insertable, Selectable } from 'kysely'
import type {
  AppId,
  MessageId,
  OrderId,
  OutboxEventId,
  PaymentEventId,
  PaymentId,
  PlayerId,
  ReviewEntryId,
} from '../kernel/ids.ts'
import type { CurrencyCode, GameCurrency, MinorUnits } from '../kernel/money.ts'
import type { PaymentEnvironment } from '../kernel/payment-environment.ts'

/**
 * Every table of the service, one block per feature. Times are whole milliseconds UTC, money whole minor units, flags
 * 0 or 1, JSON is text: the same bytes on every engine.
 */
export interface Schema {
  users: UsersTable
  identities: IdentitiesTable
  ledger_transactions: LedgerTransactionsTable
  postings: PostingsTable
  inbox_messages: InboxMessagesTable
  catalogues: CataloguesTable
  items: ItemsTable
  item_prices: ItemPricesTable
  orders: OrdersTable
  payments: PaymentsTable
  payment_lines: PaymentLinesTable
  payment_identities: PaymentIdentitiesTable
  payment_events: PaymentEventsTable
  payment_event_bodies: PaymentEventBodiesTable
  review_entries: ReviewEntriesTable
  outbox_events: OutboxEventsTable
}

// --- players ---------------------------------------------------------------------------------------------------------
export type PlayerStatus = 'active' | 'erased'

/** One player of one app, with everything that is locked together: balances, both sequences and the chain's head. */
export interface UsersTable {
  user_id: Generated<PlayerId>
  app_id: AppId
  status: PlayerStatus
  user_name: string
  avatar_url: string
  /** Level in whole hundredths: 99.99 is 9999. */
  level_hundredths: number
  vip_level: number
  /** Wallet balances; below zero after a refund of what was spent. */
  coins: number
  tokens: number
  /** The inbox account's balances: rewards owed and not yet claimed. */
  inbox_coins: number
  inbox_tokens: number
  /** The order that spent the first charge; null while the next payment is a first charge. */
  first_charge_order_id: OrderId | null
  /** The last ledger transaction: its number and its hash. */
  ledger_seq: number
  chain_hash: string
  event_seq: number
  created_at_ms: number
}

/** One way a player proves who they are. */
export interface IdentitiesTable {
  app_id: AppId
  provider: string
  subject: string
  user_id: PlayerId
  created_at_ms: number
}

// --- wallet ----------------------------------------------------------------------------------------------------------
/** A link of a player's hash chain. Append-only: a correction is another transaction. */
export interface LedgerTransactionsTable {
  user_id: PlayerId
  ledger_seq: number
  app_id: AppId
  kind: string
  /** What caused it, unique per kind and app: one grant for each order, one claim for each message. */
  source_id: string
  created_at_ms: number
  previous_hash: string
  hash: string
}

/** A positive amount of one currency moved from one account to another. */
export interface PostingsTable {
  user_id: PlayerId
  ledger_seq: number
  posting_no: number
  from_account: string
  to_account: string
  currency: GameCurrency
  amount: number
}

// --- inbox -----------------------------------------------------------------------------------------------------------
export type MessageState = 'unclaimed' | 'claimed' | 'withdrawn' | 'expired'

export interface InboxMessagesTable {
  message_id: MessageId
  app_id: AppId
  user_id: PlayerId
  kind: string
  /** The order whose reward this is; unique, so that an order can never be rewarded twice. */
  reward_order_id: OrderId | null
  title_en: string
  title_zh: string
  coins: number
  tokens: number
  act_items: string
  state: MessageState
  created_at_ms: number
  expires_at_ms: number | null
  claimed_at_ms: number | null
}

// --- store -----------------------------------------------------------------------------------------------------------
/** The version of an app's catalogue; every edit raises it, and every process notices within a second. */
export interface CataloguesTable {
  app_id: AppId
  version: number
}

export interface ItemsTable {
  app_id: AppId
  item_id: number
  name_en: string
  name_zh: string
  coins: number
  tokens_base: number
  /** Whole per cent added to the tokens: 10 is 10 %. */
  bonus_percent: number
  /** Stands in place of `bonus_percent` on a player's first charge. */
  first_charge_bonus_percent: number
  act_items: string
  /** 1: only premium players see it and may buy it. */
  premium_only: number
}

export interface ItemPricesTable {
  app_id: AppId
  item_id: number
  currency: CurrencyCode
  price_minor: MinorUnits
}

// --- orders ----------------------------------------------------------------------------------------------------------
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
  created_at_ms: number
  expires_at_ms: number | null
  updated_at_ms: number
}

// --- payments --------------------------------------------------------------------------------------------------------
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

// --- outbox ----------------------------------------------------------------------------------------------------------
/** A fact waiting to be delivered to the game server. Rows are never deleted. */
export interface OutboxEventsTable {
  user_id: PlayerId
  event_seq: number
  event_id: OutboxEventId
  app_id: AppId
  type: string
  /** The order whose state it records, with that order's state version: one event for each recorded change. */
  order_id: OrderId | null
  state_version: number | null
  payload: string
  created_at_ms: number
}

export type Row<T extends keyof Schema> = Selectable<Schema[T]>
export type NewRow<T extends keyof Schema> = Insertable<Schema[T]>
