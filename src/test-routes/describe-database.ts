import type { Database } from '../db/database.ts'
import { countTables } from './queries.ts'

/** What kind of database answers, whether its schema is this release's, and how many rows each table has. */
export async function describeDatabase(database: Database) {
  return {
    engine: database.engine,
    pending_migrations: await database.pendingMigrations(),
    tables: await countTables(database.db),
  }
}
