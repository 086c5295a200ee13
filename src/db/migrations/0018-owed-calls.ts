import type { MigrationStep } from './run.ts'

// Some platforms wait for a call of ours after a purchase, and take it back when none comes: it is written down with the
// grant, and made until it is done. Where a platform keeps what it told, we keep how far we have read.
export const owedCalls: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('owed_calls')
      .ifNotExists()
      .addColumn('call_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('call_key', 'char(64)', (c) => c.notNull().unique())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('instance', 'varchar(64)', (c) => c.notNull())
      .addColumn('environment', 'varchar(8)', (c) => c.notNull())
      .addColumn('kind', 'varchar(16)', (c) => c.notNull())
      .addColumn('subject', 'varchar(400)', (c) => c.notNull())
      .addColumn('payment_id', 'varchar(40)')
      .addColumn('details', 'text', (c) => c.notNull())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('next_attempt_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('until_ms', 'bigint')
      .addColumn('last_error', 'varchar(64)')
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  (db) => db.schema.createIndex('owed_calls_due').on('owed_calls').columns(['state', 'next_attempt_at_ms']).execute(),
  (db) => db.schema.createIndex('owed_calls_of_payment').on('owed_calls').columns(['payment_id']).execute(),
  (db) =>
    db.schema
      .createTable('poll_positions')
      .ifNotExists()
      .addColumn('instance', 'varchar(64)', (c) => c.primaryKey())
      .addColumn('read_until_ms', 'bigint', (c) => c.notNull())
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('next_poll_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  // Books are compared with what platforms keep by days; new rows stand at the end of it, where an index costs least.
  (db) => db.schema.createIndex('payments_of_time').on('payments').columns(['created_at_ms']).execute(),
]
