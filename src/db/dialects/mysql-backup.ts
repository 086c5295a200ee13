import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { sql } from 'kysely'
import { type ChainRoot, openChainRoot } from '../../kernel/chain-root.ts'
import type { BackupSource, Copy, CopyProgress } from '../backup.ts'
import type { Database, Db } from '../database.ts'
import { BackupRefused } from '../errors.ts'
import { LOG_TABLE } from '../migrations/run.ts'
import { type DumpProgram, dumpArguments, findDumpProgram, writeOptionFile } from './mysql-client.ts'
import { type DumpStatement, NotADump, readRows, StatementReader, type WrittenRow } from './mysql-dump-text.ts'
import type { MysqlSettings } from './mysql-session.ts'

// What the program says of its failure is a line or two.
const STDERR_LENGTH_MAX = 4_000

/**
 * A schema of a MySQL or MariaDB server, as something to copy with the server's own program.
 * @throws BackupRefused when that program is missing.
 */
export function mysqlBackupSource(settings: MysqlSettings, database: Database): BackupSource {
  const program = findDumpProgram(database.engine === 'mysql' ? 'mysql' : 'mariadb')
  return {
    dataFile: 'data.sql.gz',
    copyTo: async ({ file, onProgress }) => {
      const facts = new DumpFacts({ total: await estimateRows(database.db), onProgress })
      await dump({ settings, program, file, facts })
      return { ...facts.told(), audited: 'database', inSnapshot: database.inSnapshot }
    },
  }
}

/** For the bar only: the engine's own guess, which costs nothing. */
async function estimateRows(db: Db): Promise<number> {
  const { rows } = await sql<{ found: number | string | null }>`select sum(table_rows) as found
    from information_schema.tables where table_schema = database()`.execute(db)
  return Number(rows[0]?.found ?? 0)
}

interface Dump {
  readonly settings: MysqlSettings
  readonly program: DumpProgram
  readonly file: string
  readonly facts: DumpFacts
}

async function dump({ settings, program, file, facts }: Dump): Promise<void> {
  const login = writeOptionFile(settings, program)
  try {
    const args = dumpArguments(program, { optionFile: login.file, database: settings.database })
    const child = spawn(program.name, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    // By its first word it has logged in, and nothing needs the password any more.
    child.stdout.once('data', login.remove)
    const ended = endOf(child)
    try {
      await pipeline(child.stdout, reading(facts), createGzip(), createWriteStream(file, FILE))
    } catch (error) {
      child.kill()
      const { code, said } = await ended
      // The program's own words come first: a cut-off text is only what followed from them.
      if (error instanceof NotADump && code !== 0 && said !== '') throw failed(program, said)
      throw error instanceof NotADump ? failed(program, error.message, error) : error
    }
    const { code, signal, said } = await ended
    if (code !== 0) throw failed(program, said || `it ended with ${signal ?? `exit code ${code}`}`)
    if (!facts.isWhole) throw failed(program, 'its text is cut off')
  } finally {
    login.remove()
  }
}

/** Private from its first byte on, never written over another, and on disk before it is closed. */
const FILE = { mode: 0o600, flags: 'wx', flush: true } as const

async function endOf(child: ChildProcess): Promise<{ code: number | null; signal: string | null; said: string }> {
  let said = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-STDERR_LENGTH_MAX)
  })
  await once(child, 'close')
  return { code: child.exitCode, signal: child.signalCode, said: said.trim() }
}

function failed(program: DumpProgram, said: string, cause?: Error): BackupRefused {
  return new BackupRefused(`${program.name} failed: ${said}. No backup was made.`, cause ? { cause } : {})
}

/** Passes the text on as it is, and lets the facts see it. */
function reading(facts: DumpFacts): Transform {
  return new Transform({
    transform: (piece: Buffer, _, done) => {
      try {
        facts.read(piece)
        done(null, piece)
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

/** What a dump has in it, read while it goes by: so the manifest tells of these data and no others. */
class DumpFacts {
  readonly #reader = new StatementReader()
  readonly #rows = new Map<string, number>()
  readonly #steps: string[] = []
  readonly #root: ChainRoot = openChainRoot()
  readonly #total: number
  readonly #onProgress: CopyProgress
  #done = 0

  constructor({ total, onProgress }: { total: number; onProgress: CopyProgress }) {
    this.#total = total
    this.#onProgress = onProgress
  }

  get isWhole(): boolean {
    return this.#reader.completed && this.#rows.has('users') && this.#rows.has(LOG_TABLE)
  }

  read(piece: Buffer): void {
    for (const statement of this.#reader.push(piece.toString('latin1'))) this.#note(statement)
    this.#onProgress({ done: Math.min(this.#done, this.#total), total: this.#total })
  }

  told(): Pick<Copy, 'rows' | 'schemaSteps' | 'root'> {
    return {
      rows: Object.fromEntries(this.#rows),
      schemaSteps: this.#steps.toSorted(),
      root: this.#root.digest(),
    }
  }

  #note(statement: DumpStatement): void {
    const { kind, table } = statement
    if (kind === 'create') this.#rows.set(table, 0)
    if (kind !== 'insert') return
    const found = readRows(statement, this.#listenerFor(table))
    this.#rows.set(table, (this.#rows.get(table) ?? 0) + found)
    this.#done += found
  }

  #listenerFor(table: string): ((row: WrittenRow) => void) | null {
    if (table === LOG_TABLE) return (row) => void this.#steps.push(textIn(row, 'name'))
    if (table !== 'users') return null
    return (row) =>
      this.#root.add({
        user_id: textIn(row, 'user_id'),
        ledger_seq: textIn(row, 'ledger_seq'),
        chain_hash: textIn(row, 'chain_hash'),
      })
  }
}

/** A number, or a text in which nothing needed an escape: ids, hashes and names of ours. */
function textIn(row: WrittenRow, column: string): string {
  const written = row[column]
  if (written === undefined || written.includes('\\')) throw new NotADump(`a row has no readable ${column}`)
  return written.startsWith("'") ? written.slice(1, -1) : written
}
