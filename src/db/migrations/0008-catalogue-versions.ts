import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// The store is edited while it sells: every version is kept whole, and promotions and the daily gift are part of it.
export const catalogueVersions: MigrationStep[] = [
  (db) => addColumn(db, { table: 'items', name: 'on_sale', type: 'integer', build: (c) => c.notNull().defaultTo(1) }),
  (db) =>
    db.schema
      .createTable('promotions')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('promotion_id', 'varchar(64)', (c) => c.notNull())
      .addColumn('name_en', 'varchar(255)', (c) => c.notNull())
      .addColumn('name_zh', 'varchar(255)', (c) => c.notNull())
      .addColumn('bonus_percent', 'integer', (c) => c.notNull())
      .addColumn('starts_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('ends_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('item_ids', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('promotions_key', ['app_id', 'promotion_id'])
      .execute(),
  (db) =>
    db.schema
      .createTable('daily_gift_days')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('day', 'integer', (c) => c.notNull())
      .addColumn('coins', 'bigint', (c) => c.notNull())
      .addColumn('tokens', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('daily_gift_days_key', ['app_id', 'day'])
      .execute(),
  (db) =>
    db.schema
      .createTable('catalogue_versions')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('version', 'bigint', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('note', 'varchar(255)', (c) => c.notNull())
      .addColumn('content', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('catalogue_versions_key', ['app_id', 'version'])
      .execute(),
]
