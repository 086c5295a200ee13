import type { MigrationStep } from './run.ts'

// The catalogue lives in the database, so that a pack can be edited without a restart; its version tells the caches.
export const store: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('catalogues')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.primaryKey())
      .addColumn('version', 'bigint', (c) => c.notNull())
      .execute(),
  (db) =>
    db.schema
      .createTable('items')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('item_id', 'integer', (c) => c.notNull())
      .addColumn('name_en', 'varchar(255)', (c) => c.notNull())
      .addColumn('name_zh', 'varchar(255)', (c) => c.notNull())
      .addColumn('coins', 'bigint', (c) => c.notNull())
      .addColumn('tokens_base', 'bigint', (c) => c.notNull())
      .addColumn('bonus_percent', 'integer', (c) => c.notNull())
      .addColumn('first_charge_bonus_percent', 'integer', (c) => c.notNull())
      .addColumn('act_items', 'text', (c) => c.notNull())
      .addColumn('premium_only', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('items_key', ['app_id', 'item_id'])
      .execute(),
  (db) =>
    db.schema
      .createTable('item_prices')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('item_id', 'integer', (c) => c.notNull())
      .addColumn('currency', 'char(3)', (c) => c.notNull())
      .addColumn('price_minor', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('item_prices_key', ['app_id', 'item_id', 'currency'])
      .execute(),
]
