import type { MigrationStep } from './run.ts'

// A refund is written down before a platform is asked for it, so that a process may die at any moment and nothing is
// forgotten or done twice; and whatever a person decides about money is kept with their name.
export const channelTasks: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('refund_intents')
      .ifNotExists()
      .addColumn('intent_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('payment_id', 'varchar(40)', (c) => c.notNull())
      .addColumn('line_no', 'integer')
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('amount_minor', 'bigint')
      .addColumn('currency', 'char(3)')
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('idempotency_key', 'varchar(64)', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('next_attempt_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('lease_until_ms', 'bigint', (c) => c.notNull())
      .addColumn('last_error', 'varchar(64)')
      .addColumn('refund_id', 'varchar(200)')
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  (db) => db.schema.createIndex('refund_intents_of_payment').on('refund_intents').columns(['payment_id']).execute(),
  (db) =>
    db.schema.createIndex('refund_intents_due').on('refund_intents').columns(['state', 'next_attempt_at_ms']).execute(),
  (db) =>
    db.schema
      .createTable('staff_actions')
      .ifNotExists()
      .addColumn('action_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('kind', 'varchar(32)', (c) => c.notNull())
      .addColumn('by_name', 'varchar(64)', (c) => c.notNull())
      .addColumn('payment_id', 'varchar(40)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('entry_id', 'varchar(40)')
      .addColumn('details', 'text', (c) => c.notNull())
      .addColumn('at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  (db) => db.schema.createIndex('staff_actions_of_payment').on('staff_actions').columns(['payment_id']).execute(),
  (db) => db.schema.createIndex('staff_actions_of_order').on('staff_actions').columns(['app_id', 'order_id']).execute(),
]
