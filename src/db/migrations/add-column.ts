import type { AlterTableColumnAlteringBuilder, ColumnDefinitionBuilder, Kysely } from 'kysely'
import type { Schema } from '../schema.ts'

type ColumnType = Parameters<AlterTableColumnAlteringBuilder['addColumn']>[1]

/**
 * Adds a column, or finds it there: on MySQL the change of a table commits before its line in the migration log does, so
 * a process that dies between the two runs the step again.
 */
export async function addColumn(
  db: Kysely<Schema>,
  column: {
    table: keyof Schema & string
    name: string
    type: ColumnType
    build?: (definition: ColumnDefinitionBuilder) => ColumnDefinitionBuilder
  },
): Promise<void> {
  const tables = await db.introspection.getTables()
  const known = tables.find((table) => table.name === column.table)
  if (known?.columns.some(({ name }) => name === column.name)) return
  await db.schema.alterTable(column.table).addColumn(column.name, column.type, column.build).execute()
}
