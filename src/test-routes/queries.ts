import { sql } from 'kysely'
import type { Db } from '../db/database.ts'

/** Every table of the database with its number of rows, by name. */
export async function countTables(db: Db): Promise<{ table: string; rows: number }[]> {
  const tables = await db.introspection.getTables()
  const counted: { table: string; rows: number }[] = []
  for (const { name } of tables) {
    const { rows } = await sql<{ rows: number }>`select count(*) as ${sql.ref('rows')} from ${sql.table(name)}`.execute(
      db,
    )
    counted.push({ table: name, rows: Number(rows[0]?.rows ?? 0) })
  }
  return counted
}
