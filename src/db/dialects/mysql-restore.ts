import { createReadStream, statSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGunzip } from 'node:zlib'
import type { Connection, RowDataPacket } from 'mysql2'
import type { RestoreInput, RestoreTarget } from '../backup.ts'
import { BackupRefused, StorageUnavailable } from '../errors.ts'
import { LOG_TABLE, RESTORE_UNFINISHED } from '../migrations/run.ts'
import { OUR_TABLES } from '../table-names.ts'
import { type DumpStatement, NotADump, StatementReader } from './mysql-dump-text.ts'
import { explainOpenError } from './mysql-open-error.ts'
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
      const given = await server.lastPlayerNumber()
      await makeRoom(server, { input, collation: version.collation })
      await load(server, { ...input, given })
      return { movedAside: [] }
    },
    close: () => server.close(),
  }
}

/** One session of a server, and the schema that is restored into. */
class Server {
  readonly schema: string
  readonly #connection: Connection

  constructor(connection: Connection, { database }: MysqlSettings) {
    this.schema = database
    this.#connection = connection
  }

  /** @throws BackupRefused with what the server says against it. */
  async ask(sql: string, values: readonly string[] = []): Promise<RowDataPacket[]> {
    return await new Promise((resolve, reject) => {
      this.#connection.query(sql, [...values], (error, rows) =>
        error ? reject(refusedBy(error)) : resolve(rows as RowDataPacket[]),
      )
    })
  }

  /** As it stands in a dump, without a second look for question marks. */
  async run(sql: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#connection.query(sql, (error) => (error ? reject(refusedBy(error)) : resolve()))
    })
  }

  async tables(): Promise<string[]> {
    const rows = await this.ask('select table_name as name from information_schema.tables where table_schema = ?', [
      this.schema,
    ])
    return rows.map((row) => String(row['name']))
  }

  /** The highest player number that the schema has given; 0 where it has no players. */
  async lastPlayerNumber(): Promise<number> {
    if (!(await this.tables()).includes('users')) return 0
    const users = `${named(this.schema)}.users`
    const [made] = await this.ask(`show create table ${users}`)
    const next = Number(/ AUTO_INCREMENT=(\d+)/.exec(String(made?.['Create Table']))?.[1] ?? 1)
    const [row] = await this.ask(`select max(user_id) as highest from ${users}`)
    return Math.max(next - 1, Number(row?.['highest'] ?? 0))
  }

  async drop(tables: readonly string[]): Promise<void> {
    if (tables.length > 0) await this.run(`drop table if exists ${tables.map(named).join(', ')}`)
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => this.#connection.end(() => resolve()))
  }
}

function refusedBy(error: Error): BackupRefused {
  return new BackupRefused(`the database server says: ${error.message}`, { cause: error })
}

function named(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``
}

/** Refuses first, then drops: the schema is empty afterwards, but for what says that a restore is under way. */
async function makeRoom(server: Server, { input, collation }: { input: RestoreInput; collation: string }) {
  const tables = await server.tables()
  if (tables.length > 0) {
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
  }

  // From here on nothing may be refused.
  const name = named(server.schema)
  await server.run(`create database if not exists ${name} character set utf8mb4 collate ${collation}`)
  await server.run(`use ${name}`)
  await server.run('set foreign_key_checks = 0')
  await server.drop(tables)
  await server.run(
    `create table ${LOG_TABLE} (name varchar(255) not null primary key, timestamp varchar(255) not null)`,
  )
  await server.ask(`insert into ${LOG_TABLE} (name, timestamp) values (?, '')`, [RESTORE_UNFINISHED])
}

async function load(server: Server, input: RestoreInput & { given: number }): Promise<void> {
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
    const left = await leaveNothing(server)
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

async function leaveNothing(server: Server): Promise<string> {
  try {
    const tables = (await server.tables()).filter((name) => name !== LOG_TABLE)
    await server.drop(tables)
    await server.drop([LOG_TABLE])
    return `The schema ${server.schema} was left empty.`
  } catch {
    return `The schema ${server.schema} holds a part of the data, and no server will start on it: restore again with --replace.`
  }
}
