import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// What takes a payment back stands beside the payment, whatever came first; what it took from an order, and from where,
// stands so exactly that it can be given back.
export const reversals: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('payment_reversals')
      .ifNotExists()
      .addColumn('payment_id', 'varchar(64)', (c) => c.notNull())
      .addColumn('cause', 'varchar(16)', (c) => c.notNull())
      .addColumn('cause_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('line_no', 'integer')
      .addColumn('amount_minor', 'bigint')
      .addColumn('currency', 'char(3)')
      .addColumn('occurred_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('recorded_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('payment_reversals_key', ['payment_id', 'cause', 'cause_id'])
      .execute(),
  (db) =>
    db.schema
      .createTable('order_reversals')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('reversal_no', 'integer', (c) => c.notNull())
      .addColumn('payment_id', 'varchar(64)', (c) => c.notNull())
      .addColumn('cause', 'varchar(16)', (c) => c.notNull())
      .addColumn('cause_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('coins', 'bigint', (c) => c.notNull())
      .addColumn('tokens', 'bigint', (c) => c.notNull())
      .addColumn('tokens_from_inbox', 'bigint', (c) => c.notNull())
      .addColumn('coins_written_off', 'bigint', (c) => c.notNull())
      .addColumn('tokens_written_off', 'bigint', (c) => c.notNull())
      .addColumn('message_withdrawn', 'integer', (c) => c.notNull())
      .addColumn('taken_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('restored_at_ms', 'bigint')
      .addPrimaryKeyConstraint('order_reversals_key', ['app_id', 'order_id', 'reversal_no'])
      .execute(),
  (db) =>
    addColumn(db, {
      table: 'inbox_messages',
      name: 'tokens_taken',
      type: 'bigint',
      build: (c) => c.notNull().defaultTo(0),
    }),
  (db) =>
    addColumn(db, { table: 'users', name: 'open_disputes', type: 'integer', build: (c) => c.notNull().defaultTo(0) }),
  (db) => addColumn(db, { table: 'users', name: 'flagged_at_ms', type: 'bigint' }),
]
