import { LOCK_TABLE, LOG_TABLE } from './migrations/run.ts'
import type { Schema } from './schema.ts'

// Written as a record so that a table which is missing here does not compile.
const TABLES: Readonly<Record<keyof Schema, true>> = {
  users: true,
  identities: true,
  ledger_transactions: true,
  postings: true,
  inbox_messages: true,
  catalogues: true,
  items: true,
  item_prices: true,
  orders: true,
  payments: true,
  payment_lines: true,
  payment_identities: true,
  payment_events: true,
  payment_event_bodies: true,
  review_entries: true,
  outbox_events: true,
  outbox_cursors: true,
  outbox_endpoints: true,
  idempotency_keys: true,
  order_deadlines: true,
  checkouts: true,
  promotions: true,
  daily_gift_days: true,
  catalogue_versions: true,
  security_events: true,
  signing_keys: true,
  identity_notices: true,
  invite_rewards: true,
  payment_reversals: true,
  order_reversals: true,
  refund_intents: true,
  staff_actions: true,
  owed_calls: true,
  poll_positions: true,
}

/** Every table that this release may have made in a database. */
export const OUR_TABLES: readonly string[] = [...Object.keys(TABLES), LOG_TABLE, LOCK_TABLE, 'commit_marks']
