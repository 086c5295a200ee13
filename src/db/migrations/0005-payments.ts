import type { MigrationStep } from './run.ts'

// Verified money, every name it goes by, every message that told of it, and what a person still has to resolve.
export const payments: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('payments')
      .ifNotExists()
      .addColumn('payment_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('instance', 'varchar(64)', (c) => c.notNull())
      .addColumn('environment', 'varchar(8)', (c) => c.notNull())
      .addColumn('transaction_id', 'varchar(200)')
      .addColumn('payer_user_id', 'bigint', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  (db) =>
    db.schema
      .createTable('payment_identities')
      .ifNotExists()
      .addColumn('identity_key', 'char(64)', (c) => c.primaryKey())
      .addColumn('payment_id', 'varchar(40)', (c) => c.notNull())
      .addColumn('identity', 'varchar(300)', (c) => c.notNull())
      .execute(),
  (db) =>
    db.schema.createIndex('payment_identities_of_payment').on('payment_identities').columns(['payment_id']).execute(),
  (db) =>
    db.schema
      .createTable('payment_lines')
      .ifNotExists()
      .addColumn('payment_id', 'varchar(40)', (c) => c.notNull())
      .addColumn('line_no', 'integer', (c) => c.notNull())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('item_id', 'integer', (c) => c.notNull())
      .addColumn('quantity', 'integer', (c) => c.notNull())
      .addColumn('price_minor', 'bigint', (c) => c.notNull())
      .addColumn('currency', 'char(3)', (c) => c.notNull())
      .addColumn('standing', 'varchar(16)', (c) => c.notNull())
      .addColumn('refusal', 'varchar(64)')
      .addColumn('granted_order_id', 'varchar(200)')
      .addPrimaryKeyConstraint('payment_lines_key', ['payment_id', 'line_no'])
      .execute(),
  (db) => db.schema.createIndex('payment_lines_of_order').on('payment_lines').columns(['app_id', 'order_id']).execute(),
  (db) =>
    db.schema
      .createTable('payment_events')
      .ifNotExists()
      .addColumn('event_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('instance', 'varchar(64)', (c) => c.notNull())
      .addColumn('environment', 'varchar(8)', (c) => c.notNull())
      .addColumn('kind', 'varchar(32)', (c) => c.notNull())
      .addColumn('payment_id', 'varchar(40)')
      .addColumn('order_id', 'varchar(200)')
      .addColumn('verdict', 'varchar(64)', (c) => c.notNull())
      .addColumn('received_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('request_id', 'varchar(64)', (c) => c.notNull())
      .addColumn('headers', 'text', (c) => c.notNull())
      .addColumn('body_sha256', 'char(64)', (c) => c.notNull())
      .execute(),
  (db) =>
    db.schema
      .createIndex('payment_events_of_order')
      .on('payment_events')
      .columns(['app_id', 'order_id', 'received_at_ms'])
      .execute(),
  (db) => db.schema.createIndex('payment_events_of_payment').on('payment_events').columns(['payment_id']).execute(),
  (db) =>
    db.schema
      .createTable('payment_event_bodies')
      .ifNotExists()
      .addColumn('event_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('body', 'blob', (c) => c.notNull())
      .execute(),
  (db) =>
    db.schema
      .createTable('review_entries')
      .ifNotExists()
      .addColumn('entry_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('payment_id', 'varchar(40)', (c) => c.notNull())
      .addColumn('line_no', 'integer', (c) => c.notNull())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('reason', 'varchar(64)', (c) => c.notNull())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('closed_at_ms', 'bigint')
      .addUniqueConstraint('review_entries_line', ['payment_id', 'line_no'])
      .execute(),
  (db) =>
    db.schema
      .createIndex('review_entries_open')
      .on('review_entries')
      .columns(['app_id', 'state', 'created_at_ms'])
      .execute(),
]
