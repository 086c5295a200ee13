import { type RawBuilder, sql } from 'kysely'
import type { Tx } from './database.ts'
import type { Schema } from './schema.ts'

/**
 * Updates many rows of one table, each with values of its own, in one statement: what would be a round trip a row on
 * MySQL is one for the batch. `scope` holds the equalities that all rows share (the app, where the key has two parts).
 */
export async function bulkUpdate<T extends keyof Schema & string>(
  tx: Tx,
  update: {
    table: T
    key: keyof Schema[T] & string
    columns: readonly (keyof Schema[T] & string)[]
    scope?: Readonly<Record<string, string | number>>
    rows: readonly Readonly<Record<string, unknown>>[]
  },
): Promise<void> {
  if (update.rows.length === 0) return
  const keys = update.rows.map((row) => row[update.key])
  const key = sql.ref(update.key)
  const assignments = update.columns.map((column) => {
    const cases = update.rows.map((row, index) => sql`when ${keys[index]} then ${row[column]}`)
    return sql`${sql.ref(column)} = case ${key} ${sql.join(cases, sql` `)} end`
  })
  const conditions: RawBuilder<unknown>[] = [sql`${key} in (${sql.join(keys)})`]
  for (const [column, value] of Object.entries(update.scope ?? {})) {
    conditions.push(sql`${sql.ref(column)} = ${value}`)
  }
  await sql`update ${sql.table(update.table)} set ${sql.join(assignments)}
    where ${sql.join(conditions, sql` and `)}`.execute(tx)
}
