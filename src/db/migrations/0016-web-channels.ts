import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// A shop on the web adds taxes and takes off discounts, so that what was charged is not what an item costs; and of a checkout
// that was opened there we keep how to ask about it, and when it has to be closed.
export const webChannels: MigrationStep[] = [
  (db) => addColumn(db, { table: 'payments', name: 'charged_minor', type: 'bigint' }),
  (db) => addColumn(db, { table: 'payments', name: 'tax_minor', type: 'bigint' }),
  (db) => addColumn(db, { table: 'payments', name: 'discount_minor', type: 'bigint' }),
  (db) =>
    db.schema
      .createTable('checkouts')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('instance', 'varchar(64)', (c) => c.notNull())
      .addColumn('reference', 'text')
      .addColumn('answer', 'text', (c) => c.notNull())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('close_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('checkouts_pk', ['app_id', 'order_id'])
      .execute(),
  (db) => db.schema.createIndex('checkouts_to_close').on('checkouts').columns(['state', 'close_at_ms']).execute(),
]
