import type { Database } from './database.ts'
import { openSqlite } from './dialects/sqlite.ts'

/** Where the database is, as the configuration has read it from `DATABASE_URL`. */
export type DatabaseSettings = { readonly kind: 'sqlite'; readonly file: string }

/** Opens the database that the configuration names. @throws StorageUnavailable in words for the operator. */
export function openDatabase(settings: DatabaseSettings): Promise<Database> {
  return openSqlite(settings)
}
