import type { Insertable, Selectable } from 'kysely'
import type { IdempotencyKeysTable } from './tables/idempotency-keys.ts'
import type { InboxMessagesTable } from './tables/inbox.ts'
import type { CheckoutsTable, OrderDeadlinesTable, OrdersTable } from './tables/orders.ts'
import type { OutboxCursorsTable, OutboxEndpointsTable, OutboxEventsTable } from './tables/outbox.ts'
import type {
  OrderReversalsTable,
  PaymentEventBodiesTable,
  PaymentEventsTable,
  PaymentIdentitiesTable,
  PaymentLinesTable,
  PaymentReversalsTable,
  PaymentsTable,
  ReviewEntriesTable,
} from './tables/payments.ts'
import type { OwedCallsTable, PollPositionsTable } from './tables/platforms.ts'
import type { IdentitiesTable, UsersTable } from './tables/players.ts'
import type {
  IdentityNoticesTable,
  InviteRewardsTable,
  SecurityEventsTable,
  SigningKeysTable,
} from './tables/security.ts'
import type { RefundIntentsTable, StaffActionsTable } from './tables/staff.ts'
import type {
  CataloguesTable,
  CatalogueVersionsTable,
  DailyGiftDaysTable,
  ItemPricesTable,
  ItemsTable,
  PromotionsTable,
} from './tables/store.ts'
import type { LedgerTransactionsTable, PostingsTable } from './tables/wallet.ts'

export type { MessageState } from './tables/inbox.ts'
export type { OrderStatus, OrderTerms } from './tables/orders.ts'
export type { CauseState, LineStanding, ReversalCause, ReviewState } from './tables/payments.ts'
export type { OwedCallState } from './tables/platforms.ts'
export type { PlayerStatus } from './tables/players.ts'
export type { InviteRewardState, NoticeState } from './tables/security.ts'
export type { RefundIntentState } from './tables/staff.ts'

/**
 * Every table of the service, one file of `tables/` per feature. Times are whole milliseconds UTC, money whole minor units, flags
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
  outbox_cursors: OutboxCursorsTable
  outbox_endpoints: OutboxEndpointsTable
  idempotency_keys: IdempotencyKeysTable
  order_deadlines: OrderDeadlinesTable
  checkouts: CheckoutsTable
  promotions: PromotionsTable
  daily_gift_days: DailyGiftDaysTable
  catalogue_versions: CatalogueVersionsTable
  security_events: SecurityEventsTable
  signing_keys: SigningKeysTable
  identity_notices: IdentityNoticesTable
  invite_rewards: InviteRewardsTable
  payment_reversals: PaymentReversalsTable
  order_reversals: OrderReversalsTable
  refund_intents: RefundIntentsTable
  staff_actions: StaffActionsTable
  owed_calls: OwedCallsTable
  poll_positions: PollPositionsTable
}

export type Row<T extends keyof Schema> = Selectable<Schema[T]>
export type NewRow<T extends keyof Schema> = Insertable<Schema[T]>
