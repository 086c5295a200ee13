import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// The last daily gift stands on the player's row, which every login reads anyway; a game server's reason beside its entry.
export const giftsAndReasons: MigrationStep[] = [
  (db) =>
    addColumn(db, { table: 'users', name: 'gift_streak', type: 'integer', build: (c) => c.notNull().defaultTo(0) }),
  (db) => addColumn(db, { table: 'users', name: 'gift_date', type: 'char(10)' }),
  (db) => addColumn(db, { table: 'users', name: 'gift_zone', type: 'varchar(64)' }),
  (db) => addColumn(db, { table: 'users', name: 'gift_at_ms', type: 'bigint' }),
  (db) => addColumn(db, { table: 'ledger_transactions', name: 'reason', type: 'varchar(200)' }),
]
