import { PLAYER_ID_FIRST } from '../../kernel/ids.ts'
import type { MigrationStep } from './run.ts'

// Players come first: their row is what every movement of coins locks, and their numbers start at 10001.
export const players: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('users')
      .ifNotExists()
      .addColumn('user_id', 'bigint', (c) => c.primaryKey().autoIncrement())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('status', 'varchar(16)', (c) => c.notNull())
      .addColumn('user_name', 'varchar(255)', (c) => c.notNull())
      .addColumn('avatar_url', 'varchar(1024)', (c) => c.notNull())
      .addColumn('level_hundredths', 'integer', (c) => c.notNull())
      .addColumn('vip_level', 'integer', (c) => c.notNull())
      .addColumn('coins', 'bigint', (c) => c.notNull())
      .addColumn('tokens', 'bigint', (c) => c.notNull())
      .addColumn('inbox_coins', 'bigint', (c) => c.notNull())
      .addColumn('inbox_tokens', 'bigint', (c) => c.notNull())
      .addColumn('first_charge_order_id', 'varchar(200)')
      .addColumn('ledger_seq', 'bigint', (c) => c.notNull())
      .addColumn('chain_hash', 'char(64)', (c) => c.notNull())
      .addColumn('event_seq', 'bigint', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  // Both engines remember the highest number ever given, so a row that comes and goes moves the start.
  (db) =>
    db
      .insertInto('users')
      .values({
        user_id: (PLAYER_ID_FIRST - 1) as never,
        app_id: '-' as never,
        status: 'erased',
        user_name: '',
        avatar_url: '',
        level_hundredths: 0,
        vip_level: 0,
        coins: 0,
        tokens: 0,
        inbox_coins: 0,
        inbox_tokens: 0,
        first_charge_order_id: null,
        ledger_seq: 0,
        chain_hash: '',
        event_seq: 0,
        created_at_ms: 0,
      })
      .onDuplicateKeyUpdate({ status: 'erased' })
      .execute(),
  (db) =>
    db
      .deleteFrom('users')
      .where('app_id', '=', '-' as never)
      .execute(),
  (db) =>
    db.schema
      .createTable('identities')
      .ifNotExists()
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('provider', 'varchar(16)', (c) => c.notNull())
      .addColumn('subject', 'varchar(255)', (c) => c.notNull())
      .addColumn('user_id', 'bigint', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addPrimaryKeyConstraint('identities_key', ['app_id', 'provider', 'subject'])
      .execute(),
  (db) => db.schema.createIndex('identities_of_user').on('identities').columns(['user_id']).execute(),
]
