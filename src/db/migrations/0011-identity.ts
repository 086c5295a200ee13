import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// Who a player is must be provable: credentials of guests, keys that change, what happened around logins, what the
// platforms of logins tell us of their users, and who has invited whom.
export const identity: MigrationStep[] = [
  (db) => addColumn(db, { table: 'identities', name: 'credential_hash', type: 'varchar(64)' }),
  (db) => addColumn(db, { table: 'users', name: 'inviter_id', type: 'bigint' }),
  (db) =>
    db.schema
      .createTable('security_events')
      .ifNotExists()
      .addColumn('event_id', 'varchar(64)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('user_id', 'bigint')
      .addColumn('kind', 'varchar(32)', (c) => c.notNull())
      .addColumn('provider', 'varchar(16)')
      .addColumn('outcome', 'varchar(64)')
      .addColumn('address', 'varchar(64)')
      .addColumn('client', 'varchar(120)', (c) => c.notNull())
      .addColumn('device_hash', 'char(64)')
      .addColumn('request_id', 'varchar(64)', (c) => c.notNull())
      .addColumn('at_ms', 'bigint', (c) => c.notNull())
      .execute(),
  (db) =>
    db.schema
      .createIndex('security_events_of_user')
      .on('security_events')
      .columns(['user_id', 'at_ms', 'event_id'])
      .execute(),
  (db) => db.schema.createIndex('security_events_by_time').on('security_events').columns(['at_ms']).execute(),
  (db) =>
    db.schema
      .createTable('signing_keys')
      .ifNotExists()
      .addColumn('kid', 'varchar(64)', (c) => c.primaryKey())
      .addColumn('alg', 'varchar(16)', (c) => c.notNull())
      .addColumn('sealed_key', 'varchar(2048)', (c) => c.notNull())
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('signs_from_ms', 'bigint', (c) => c.notNull())
      .addColumn('revoked_at_ms', 'bigint')
      .execute(),
  (db) =>
    db.schema
      .createTable('identity_notices')
      .ifNotExists()
      .addColumn('notice_key', 'char(64)', (c) => c.primaryKey())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('provider', 'varchar(16)', (c) => c.notNull())
      .addColumn('kind', 'varchar(32)', (c) => c.notNull())
      .addColumn('subject', 'varchar(255)')
      .addColumn('user_id', 'bigint')
      .addColumn('confirmation_code', 'varchar(64)', (c) => c.notNull().unique())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('received_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('done_at_ms', 'bigint')
      .execute(),
  (db) =>
    db.schema
      .createIndex('identity_notices_open')
      .on('identity_notices')
      .columns(['state', 'received_at_ms'])
      .execute(),
  (db) =>
    db.schema
      .createTable('invite_rewards')
      .ifNotExists()
      .addColumn('invited_user_id', 'bigint', (c) => c.primaryKey())
      .addColumn('inviter_user_id', 'bigint', (c) => c.notNull())
      .addColumn('app_id', 'varchar(128)', (c) => c.notNull())
      .addColumn('order_id', 'varchar(200)', (c) => c.notNull())
      .addColumn('state', 'varchar(16)', (c) => c.notNull())
      .addColumn('inviter_message_id', 'varchar(40)')
      .addColumn('invited_message_id', 'varchar(40)')
      .addColumn('due_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('settled_at_ms', 'bigint')
      .execute(),
  (db) =>
    db.schema
      .createIndex('invite_rewards_due')
      .on('invite_rewards')
      .columns(['state', 'due_at_ms', 'invited_user_id'])
      .execute(),
  (db) =>
    db.schema
      .createIndex('invite_rewards_of_inviter')
      .on('invite_rewards')
      .columns(['inviter_user_id', 'inviter_message_id'])
      .execute(),
  // What a person asks to see or to have blanked begins with their number: money of theirs that has no order of theirs.
  (db) =>
    db.schema.createIndex('review_entries_of_user').on('review_entries').columns(['user_id', 'entry_id']).execute(),
]
