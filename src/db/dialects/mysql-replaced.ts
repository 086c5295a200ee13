import { BackupRefused } from '../errors.ts'
import { LOG_TABLE, RESTORE_UNFINISHED } from '../migrations/run.ts'
import { named, type Server } from './mysql-restore-server.ts'

/** The tables that were in the place of a restore, in a schema of their own now. */
export interface MovedTables {
  readonly schema: string
  readonly tables: readonly string[]
}

// What a name of MySQL and MariaDB may have.
const NAME_LENGTH_MAX = 64
// The log of the unfinished restore stands ready under this name beside the old tables, and changes places with theirs.
const NEXT_LOG = 'next_log'

/** Makes the log of a schema on which a restore has begun: no server starts on it. */
export async function makeUnfinishedLog(server: Server, table: string): Promise<void> {
  await server.run(`create table ${table} (name varchar(255) not null primary key, timestamp varchar(255) not null)`)
  await server.ask(`insert into ${table} (name, timestamp) values (?, '')`, [RESTORE_UNFINISHED])
}

/**
 * Moves all tables into a new schema by one statement, which also leaves the log of an unfinished restore in their
 * place: at no moment can a server start on an empty schema.
 * @throws BackupRefused when the server does not let us; then nothing was changed.
 */
export async function moveAside(
  server: Server,
  { tables, asideName, collation }: { tables: readonly string[]; asideName: string; collation: string },
): Promise<MovedTables> {
  // In lower case: some servers write all names so.
  const suffix = `_${asideName.replaceAll(/[^A-Za-z0-9]/g, '_').toLowerCase()}`
  const stem = server.schema.slice(0, NAME_LENGTH_MAX - suffix.length)
  const schema = stem + suffix
  let isMade = false
  try {
    await server.run(`create database ${named(schema)} character set utf8mb4 collate ${collation}`)
    isMade = true
    await makeUnfinishedLog(server, `${named(schema)}.${NEXT_LOG}`)
    await server.run(
      `rename table ${[
        ...tables.map((table) => `${inSchema(server.schema, { table })} to ${inSchema(schema, { table })}`),
        `${inSchema(schema, { table: NEXT_LOG })} to ${inSchema(server.schema, { table: LOG_TABLE })}`,
      ].join(', ')}`,
    )
    return { schema, tables }
  } catch (error) {
    if (isMade) await dropMade(server, schema)
    const isUnchanged = await server.tables().then(
      (now) => now.length === tables.length,
      () => false,
    )
    const state = isUnchanged
      ? 'Nothing was changed.'
      : `Look which of ${server.schema} and ${schema} holds the tables.`
    throw new BackupRefused(
      `the old tables are kept in a schema of their own, ${schema}, and cannot be moved there (${(error as Error).message}). ${rights(stem)} ${state}`,
      { cause: error },
    )
  }
}

/** Puts the tables back by one statement, into a schema that has nothing but the log of the unfinished restore. */
export async function moveBack(server: Server, { schema, tables }: MovedTables): Promise<void> {
  await server.run(
    `rename table ${[
      `${inSchema(server.schema, { table: LOG_TABLE })} to ${inSchema(schema, { table: NEXT_LOG })}`,
      ...tables.map((table) => `${inSchema(schema, { table })} to ${inSchema(server.schema, { table })}`),
    ].join(', ')}`,
  )
  await dropMade(server, schema)
}

function inSchema(schema: string, { table }: { table: string }): string {
  return `${named(schema)}.${named(table)}`
}

/** Drops a schema in which none of the old tables is; table by table, so that one that is there after all stays. */
async function dropMade(server: Server, schema: string): Promise<void> {
  try {
    await server.run(`drop table if exists ${inSchema(schema, { table: NEXT_LOG })}`)
    const [row] = await server.ask('select count(*) as found from information_schema.tables where table_schema = ?', [
      schema,
    ])
    if (Number(row?.['found']) === 0) await server.run(`drop database ${named(schema)}`)
  } catch {
    // An empty schema is in nobody's way.
  }
}

/** In a grant an underscore stands for any sign, unless a backslash goes before it. */
function rights(stem: string): string {
  const pattern = `${stem}_replaced_`.replaceAll('_', '\\_')
  return `If a right is missing: grant create, alter, drop, insert, select on \`${pattern}%\`.* to the user of DATABASE_URL.`
}
