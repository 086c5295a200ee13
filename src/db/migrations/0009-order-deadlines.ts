import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// A pending order ends by itself. Its deadline stands in a table of its own: an index on `orders` would be paid for by
// every payment, and nearly none of those orders was ever pending.
export const orderDeadlines: MigrationStep[] = [
  (db) => addColumn(db, { table: 'orders', name: 'channel_instance', type: 'varchar(64)' }),
  (db) => addColumn(db, { table: 'orders', name: 'return_url', type: 'varchar(2048)' }),
  (db) =>
    db.schema
      .createTable('order_deadlines')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('expires_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('order_deadlines_key', ['app_id', 'order_id'])
      .execute(),
  (db) =>
    db.schema.createIndex('order_deadlines_due').on('order_deadlines').columns(['expires_at_ms', 'order_id']).execute(),
]
