import type { MigrationStep } from './run.ts'

// An order keeps what it promised and what it gave. The unique `first_charge_of` is why two first charges cannot be.
export const orders: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('orders')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('item_id', 'integer', (c) => c.notNull())
      .addColumn('item_name_en', 'varchar(255)')
      .addColumn('item_name_zh', 'varchar(255)')
      .addColumn('quantity', 'integer', (c) => c.notNull())
      .addColumn('status', 'varchar(16)', (c) => c.notNull())
      .addColumn('state_version', 'integer', (c) => c.notNull())
      .addColumn('terms', 'varchar(8)', (c) => c.notNull())
      .addColumn('price_minor', 'bigint', (c) => c.notNull())
      .addColumn('currency', 'char(3)', (c) => c.notNull())
      .addColumn('coins', 'bigint', (c) => c.notNull())
      .addColumn('tokens', 'bigint', (c) => c.notNull())
      .addColumn('tokens_base', 'bigint', (c) => c.notNull())
      .addColumn('bonus_percent', 'integer', (c) => c.notNull())
      .addColumn('first_charge_bonus_percent', 'integer', (c) => c.notNull())
      .addColumn('act_items', 'text', (c) => c.notNull())
      .addColumn('is_first_charge', 'integer', (c) => c.notNull())
      .addColumn('first_charge_of', 'bigint')
      .addColumn('granted_payment_id', 'varchar(40)')
      .addColumn('granted_at_ms', 'bigint')
      .addColumn('balance_coins_after', 'bigint')
      .addColumn('balance_tokens_after', 'bigint')
      .addColumn('payment_channel', 'varchar(64)')
      .addColumn('payment_method', 'varchar(64)')
      .addColumn('error_code', 'varchar(64)')
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .addColumn('updated_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('orders_key', ['app_id', 'order_id'])
      .addUniqueConstraint('orders_first_charge', ['first_charge_of'])
      .execute(),
  (db) =>
    db.schema.createIndex('orders_of_user').on('orders').columns(['user_id', 'created_at_ms', 'order_id']).execute(),
]
