import type { Database } from './database.ts'
import { openSqlite } from './dialects/sqlite.ts'
import { StorageUnavailable } from './errors.ts'

/** Where the database is, as the configuration has read it from `DATABASE_URL`. */
export type DatabaseSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | { readonly kind: 'mysql'; readonly host: string }

/** Opens the database that the configuration names. @throws StorageUnavailable in words for the operator. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  if (settings.kind === 'sqlite') return openSqlite(settings)
  throw new StorageUnavailable('MySQL and MariaDB come with the next release')
}
