import type { Database } from './database.ts'
import { type MysqlSettings, openMysql } from './dialects/mysql.ts'
import { openSqlite } from './dialects/sqlite.ts'

/** Where the database is, as the configuration has read it from `DATABASE_URL`. */
export type DatabaseSettings =
  | { readonly kind: 'sqlite'; readonly file: string }
  | ({ readonly kind: 'mysql' } & MysqlSettings)

/** Opens the database that the configuration names. @throws StorageUnavailable in words for the operator. */
export function openDatabase(settings: DatabaseSettings): Promise<Database> {
  return settings.kind === 'sqlite' ? openSqlite(settings) : openMysql(settings)
}
