import type { MigrationStep } from './run.ts'

// How far each player's events were delivered stands in a table of its own, which only the delivery writes: a payment
// writes its event as it always did, and pays for no flag and no index.
export const outboxDelivery: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('outbox_cursors')
      .ifNotExists()
      .addColumn('user_id', 'bigint', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('delivered_seq', 'bigint', (c) => c.notNull())
      .addColumn('due_at_ms', 'bigint')
      .addColumn('waiting_since_ms', 'bigint')
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('leased_until_ms', 'bigint', (c) => c.notNull())
      .execute(),
  (db) => db.schema.createIndex('outbox_cursors_due').on('outbox_cursors').columns(['app_id', 'due_at_ms']).execute(),
  (db) =>
    db.schema
      .createIndex('outbox_cursors_waiting')
      .on('outbox_cursors')
      .columns(['app_id', 'waiting_since_ms'])
      .execute(),
  (db) =>
    db.schema
      .createTable('outbox_endpoints')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.primaryKey())
      .addColumn('failures', 'integer', (c) => c.notNull())
      .addColumn('failing_since_ms', 'bigint', (c) => c.notNull())
      .addColumn('paused_until_ms', 'bigint', (c) => c.notNull())
      .addColumn('scanned_to_ms', 'bigint', (c) => c.notNull())
      .execute(),
]
