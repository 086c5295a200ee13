import { addColumn } from './add-column.ts'
import type { MigrationStep } from './run.ts'

// What was bought with a platform's play money says so wherever it shows.
export const testPurchases: MigrationStep[] = [
  (db) =>
    addColumn(db, {
      table: 'orders',
      name: 'environment',
      type: 'varchar(8)',
      build: (c) => c.notNull().defaultTo('live'),
    }),
]
