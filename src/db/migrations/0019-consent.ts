import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// A store that is asked for a refund asks how a purchase was used: it is told only of players who have agreed to that.
export const consent: MigrationStep[] = [
  (db) => addColumn(db, { table: 'users', name: 'purchase_data_consent_at_ms', type: 'bigint' }),
]
