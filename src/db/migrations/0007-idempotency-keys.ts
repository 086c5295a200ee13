import type { MigrationStep } from './run.ts'

// A key and its answer stand in the database beside what the call changed, so that a retry can never change it twice.
export const idempotencyKeys: MigrationStep[] = [
  (db) =>
    db.schema
      .createTable('idempotency_keys')
      .ifNotExists()
      .addColumn('scope', 'varchar(160)', (c) => c.notNull())
      .addColumn('idempotency_key', 'varchar(128)', (c) => c.notNull())
      .addColumn('request_hash', 'char(64)', (c) => c.notNull())
      .addColumn('answer', 'text')
      .addColumn('created_at_ms', 'bigint', (c) => c.notNull())
      .addColumn('expires_at_ms', 'bigint')
      .addPrimaryKeyConstraint('idempotency_keys_key', ['scope', 'idempotency_key'])
      .execute(),
  (db) => db.schema.createIndex('idempotency_keys_end').on('idempotency_keys').columns(['expires_at_ms']).execute(),
]
