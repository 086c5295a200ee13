import { sql } from 'kysely'
import type { MigrationStep } from './run.ts'

// The books: append-only, clustered by player, and refusing at the database what may never be written.
export const ledger: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('ledger_transactions')
      .ifNotExists()
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('ledger_seq', 'bigint', (c) => c.notNull())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('kind', 'varchar(32)', (c) => c.notNull())
      .addColumn('source_id', 'varchar(255)', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('previous_hash', 'char(64)', (c) => c.notNull())
      .addColumn('hash', 'char(64)', (c) => c.notNull())
      .addPrimaryKeyConstraint('ledger_transactions_key', ['user_id', 'ledger_seq'])
      .addUniqueConstraint('ledger_transactions_source', ['app_id', 'kind', 'source_id'])
      .execute(),
  (db) =>
    db.schema
      .createTable('postings')
      .ifNotExists()
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('ledger_seq', 'bigint', (c) => c.notNull())
      .addColumn('posting_no', 'integer', (c) => c.notNull())
      .addColumn('from_account', 'varchar(64)', (c) => c.notNull())
      .addColumn('to_account', 'varchar(64)', (c) => c.notNull())
      .addColumn('currency', 'varchar(8)', (c) => c.notNull())
      .addColumn('amount', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('postings_key', ['user_id', 'ledger_seq', 'posting_no'])
      .addCheckConstraint('postings_positive', sql`amount > 0`)
      .addCheckConstraint('postings_move', sql`from_account <> to_account`)
      .execute(),
  (db) =>
    db.schema
      .createTable('outbox_events')
      .ifNotExists()
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('event_seq', 'bigint', (c) => c.notNull())
      .addColumn('event_id', 'varchar(40)', (c) => c.notNull())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('type', 'varchar(64)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)')
      .addColumn('state_version', 'integer')
      .addColumn('payload', 'text', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('outbox_events_key', ['user_id', 'event_seq'])
      .addUniqueConstraint('outbox_events_id', ['event_id'])
      .addUniqueConstraint('outbox_events_state', ['app_id', 'order_id', 'state_version'])
      .execute(),
]
