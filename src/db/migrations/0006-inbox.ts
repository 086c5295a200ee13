import type { MigrationStep } from './run.ts'

// Rewards that wait to be claimed. The unique `reward_order_id` is why no order is ever rewarded twice.
export const inbox: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('inbox_messages')
      .ifNotExists()
      .addColumn('message_id', 'varchar(40)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('kind', 'varchar(32)', (c) => c.notNull())
      .addColumn('reward_order_id', 'varchar(200)')
      .addColumn('title_en', 'varchar(255)', (c) => c.notNull())
      .addColumn('title_zh', 'varchar(255)', (c) => c.notNull())
      .addColumn('coins', 'bigint', (c) => c.notNull())
      .addColumn('tokens', 'bigint', (c) => c.notNull())
      .addColumn('act_items', 'text', (c) => c.notNull())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .addColumn('claimed_at_ms', 'bigint')
      .addUniqueConstraint('inbox_messages_reward', ['app_id', 'reward_order_id'])
      .execute(),
  (db) =>
    db.schema
      .createIndex('inbox_messages_of_user')
      .on('inbox_messages')
      .columns(['user_id', 'created_at_ms', 'message_id'])
      .execute(),
  (db) =>
    db.schema
      .createIndex('inbox_messages_unclaimed')
      .on('inbox_messages')
      .columns(['user_id', 'state', 'created_at_ms'])
      .execute(),
]
