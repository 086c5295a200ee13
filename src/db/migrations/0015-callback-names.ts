import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// A platform with several addresses means another thing at each: a message that is told again is told at its own.
export const callbackNames: MigrationStep[] = [
  (db) => addColumn(db, { table: 'payment_events', name: 'callback', type: 'varchar(64)' }),
]
