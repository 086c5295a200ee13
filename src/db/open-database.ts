import type { Database } from './database.ts'
import type { MysqlSettings } from './dialects/mysql.ts'
import { openSqlite } from './dialects/sqlite.ts'

/** Where the database is, as the configuration has read it from `DATABASE_URL`. */
export type DatabaseSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | ({ readonly kind: 'mysql' } & MysqlSettings)

/** Opens the database that the configuration names. @throws StorageUnavailable in words for the operator. */
export async function openDatabase(settings: DatabaseSettings): Promise<Database> {
  if (settings.kind === 'sqlite') return openSqlite(settings)
  // Loaded only where it is used: its driver costs a tenth of the start.
  const { openMysql } = await import('./dialects/mysql.ts')
  return openMysql(settings)
}
