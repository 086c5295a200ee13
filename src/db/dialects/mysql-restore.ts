import { createReadStream, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { RestoreInput, RestoreTarget } from '../backup.ts'
import { BackupRefused, StorageUnavailable } from '../errors.ts'
import { LOG_TABLE } from '../migrations/run.ts'
import { OUR_TABLES } from '../table-names.ts'
import { type DumpStatement, NotADump, StatementReader } from './mysql-dump-text.ts'
import { explainOpenError } from './mysql-open-error.ts'
import { type MovedTables, makeUnfinishedLog, moveAside, moveBack } from './mysql-replaced.ts'
import { named, Server } from './mysql-restore-server.ts'
import { connectionOptions, type MysqlPatience, type MysqlSettings, openSession } from './mysql-session.ts'
import { type MysqlVersion, readVersion } from './mysql-version.ts'

const PATIENCE: MysqlPatience = {
  connectTimeoutMs: 5_000,
  statementTimeoutMs: null,
  doubtTimeoutMs: 5_000,
  sessionIdleSeconds: 60 * 60,
}

/** A schema of a MySQL or MariaDB server, which need not exist yet, as something to put a backup into. */
export async function openMysqlRestoreTarget(settings: MysqlSettings): Promise<RestoreTarget> {
  const { database: _, ...withoutSchema } = connectionOptions(settings, PATIENCE)
  let server: Server
  let version: MysqlVersion
  try {
    server = new Server(await openSession(withoutSchema, PATIENCE), settings)
    version = readVersion(String((await server.ask('select version() as version'))[0]?.['version']))
  } catch (error) {
    if (error instanceof StorageUnavailable || error instanceof BackupRefused) throw error
    throw explainOpenError(error, settings)
  }
  return {
    engine: version.engine,
    occupiedBy: async () => {
      const tables = await server.tables()
      return tables.length === 0 ? null : `the schema ${settings.database} holds ${tables.length} tables`
    },
    restore: async (input) => {
      const given = await server.lastPlayerNumber().catch(() => 0)
      const moved = await makeRoom(server, { input, collation: version.collation })
      await load(server, { ...input, given, moved })
      return { movedAside: moved === null ? [] : [moved.schema] }
    },
    close: () => server.close(),
  }
}

/** What has to go out of the way, once nothing speaks against it; empty where the place is. Changes nothing. */
async function checkRoom(server: Server, input: RestoreInput): Promise<string[]> {
  const tables = await server.tables()
  if (tables.length === 0) return []
  if (!input.replace) throw new BackupRefused(`the schema ${server.schema} is not empty. Nothing was changed.`)
  const ours = new Set([...OUR_TABLES, ...Object.keys(input.rows)])
  const foreign = tables.filter((name) => !ours.has(name))
  if (foreign.length > 0) {
    throw new BackupRefused(
      `the schema ${server.schema} has tables that are not ours (${foreign.slice(0, 5).join(', ')}): move them, or restore into another schema. Nothing was changed.`,
    )
  }
  const [row] = await server.ask(
    'select count(*) as found from information_schema.processlist where db = ? and id <> connection_id()',
    [server.schema],
  )
  const others = Number(row?.['found'] ?? 0)
  if (others > 0) {
    throw new BackupRefused(
      `a server, or another program, has the schema ${server.schema} open (${others} sessions): stop it first. Nothing was changed.`,
    )
  }
  return tables
}

/** The schema is empty afterwards, but for what says that a restore is under way. @throws BackupRefused */
async function makeRoom(server: Server, how: { input: RestoreInput; collation: string }): Promise<MovedTables | null> {
  const tables = await checkRoom(server, how.input)
  const moved = tables.length === 0 ? null : await moveAside(server, { tables, ...how, asideName: how.input.asideName })
  const schema = named(server.schema)
  if (moved === null) {
    await server.run(`create database if not exists ${schema} character set utf8mb4 collate ${how.collation}`)
    await makeUnfinishedLog(server, `${schema}.${LOG_TABLE}`)
  }
  await server.run(`use ${schema}`)
  await server.run('set foreign_key_checks = 0')
  return moved
}

async function load(server: Server, input: RestoreInput & { given: number; moved: MovedTables | null }): Promise<void> {
  const reader = new StatementReader()
  const last: DumpStatement[] = []
  const total = statSync(input.file).size
  const packed = createReadStream(input.file)
  const run = async (statement: DumpStatement): Promise<void> => {
    // Until everything else is there, the log goes on saying that a restore is under way.
    if (statement.table === LOG_TABLE) last.push(statement)
    else await runStatement(server, statement)
  }
  try {
    await pipeline(packed, createGunzip(), async (pieces: AsyncIterable<Buffer>) => {
      for await (const piece of pieces) {
        for (const statement of reader.push(piece.toString('latin1'))) await run(statement)
        input.onProgress({ done: packed.bytesRead, total })
      }
    })
    if (!reader.completed) throw new NotADump('its text is cut off')
    // No row changes. Before the log is whole, so that no server gives a number too early.
    const next = Math.max(input.given, await server.lastPlayerNumber()) + input.numbersSkipped + 1
    await server.run(`alter table users auto_increment = ${next}`)
    for (const statement of last) await runStatement(server, statement)
  } catch (error) {
    const left = await leaveAsItWas(server, input.moved)
    const said = error instanceof Error ? error.message : String(error)
    throw new BackupRefused(`the restore failed: ${said}. ${left}`, { cause: error })
  }
}

async function runStatement(server: Server, { sql, table, kind }: DumpStatement): Promise<void> {
  try {
    await server.run(Buffer.from(sql, 'latin1').toString('utf8'))
  } catch (error) {
    const { message } = error as Error
    throw new Error(`${kind === 'session' ? 'a setting' : `the table ${table}`}: ${message}`, { cause: error })
  }
}

async function leaveAsItWas(server: Server, moved: MovedTables | null): Promise<string> {
  try {
    const tables = (await server.tables()).filter((name) => name !== LOG_TABLE)
    await server.drop(tables)
    if (moved === null) {
      await server.drop([LOG_TABLE])
      return `The schema ${server.schema} was left empty.`
    }
    await moveBack(server, moved)
    return `The schema ${server.schema} holds its old data again.`
  } catch {
    const old = moved === null ? '' : ` The old data are all in the schema ${moved.schema}.`
    return `The schema ${server.schema} holds a part of the data, and no server will start on it: restore again with --replace.${old}`
  }
}
