import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import BetterSqlite, { type Database as SqliteFile } from 'better-sqlite3'
import { sql } from 'kysely'
import type { Database } from '../database.ts'
import { retryTransaction } from '../database.ts'
import { StorageUnavailable } from '../errors.ts'
import { appliedMigrations, applyMigrations, pendingMigrations } from '../migrations/run.ts'
import { kyselyOn, translateSqliteError } from './sqlite-driver.ts'
import { describeSqlite } from './sqlite-report.ts'

// Another process may hold the write lock for a moment. SQLite's own wait stops the event loop, so it is short, and the
// transaction is then tried again after a pause in which others are served.
const BUSY_TIMEOUT_MS = 100
// At the start nobody is served yet, and another process may be migrating.
const MIGRATION_BUSY_TIMEOUT_MS = 10_000
const CACHE_KIB = 32 * 1024

/**
 * Opens (and makes) a SQLite file: one connection that writes, one that reads the last committed state meanwhile.
 * @throws StorageUnavailable naming the file when it cannot be opened, or gave way to another meanwhile.
 */
export async function openSqlite({ file }: { file: string }): Promise<Database> {
  const [writerFile, readerFile] = openSameFile(file)
  for (const opened of [writerFile, readerFile]) opened.pragma(`busy_timeout = ${BUSY_TIMEOUT_MS}`)
  const writer = kyselyOn(writerFile)
  const reader = kyselyOn(readerFile)
  return {
    db: reader,
    engine: 'sqlite',
    inTransaction: (work, patience) => retryTransaction(() => writer.transaction().execute(work), patience),
    inSnapshot: async (work) => {
      const snapshotFile = openFile(file, { readonly: true })
      const snapshot = kyselyOn(snapshotFile)
      try {
        snapshotFile.exec('begin deferred')
        return await work(snapshot)
      } finally {
        snapshotFile.close()
      }
    },
    migrate: () => retryTransaction(() => applyMigrations(writer)),
    pendingMigrations: () => pendingMigrations(reader),
    appliedMigrations: () => appliedMigrations(reader),
    describe: async () => describeSqlite(writerFile),
    ping: async () => {
      await sql`select 1`.execute(reader)
    },
    close: async () => {
      await Promise.all([reader.destroy(), writer.destroy()])
      readerFile.close()
      writerFile.close()
    },
  }
}

/**
 * The writer and the reader. A restore may put another file into the place meanwhile, and a writer on the one that was
 * moved aside would answer for payments that nobody finds again.
 */
function openSameFile(file: string): [writer: SqliteFile, reader: SqliteFile] {
  const before = makeAndIdentify(file)
  const opened: SqliteFile[] = []
  const open = (how: { readonly: boolean }): SqliteFile => {
    const one = openFile(file, how)
    opened.push(one)
    return one
  }
  try {
    const both: [SqliteFile, SqliteFile] = [open({ readonly: false }), open({ readonly: true })]
    if (before !== null && before !== identify(file)) throw new StorageUnavailable(gaveWay(file))
    return both
  } catch (error) {
    for (const one of opened) one.close()
    // SQLite notices too when it writes, in words that help nobody.
    const isMoved = before !== null && before !== identify(file)
    throw isMoved ? new StorageUnavailable(gaveWay(file), { cause: error }) : error
  }
}

function gaveWay(file: string): string {
  return `another file came into the place of ${file} while it was opened, as a restore does: start again when that is done`
}

/** Null when it can neither be found nor made: SQLite then says why. */
function makeAndIdentify(file: string): string | null {
  try {
    mkdirSync(dirname(file), { recursive: true })
    closeSync(openSync(file, 'a'))
    return identify(file)
  } catch {
    return null
  }
}

/** Null when there is no file. */
function identify(file: string): string | null {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? null : `${found.dev}:${found.ino}`
}

function openFile(file: string, { readonly }: { readonly: boolean }): SqliteFile {
  try {
    if (!readonly) mkdirSync(dirname(file), { recursive: true })
    const opened = new BetterSqlite(file, { readonly, timeout: MIGRATION_BUSY_TIMEOUT_MS })
    if (!readonly) {
      opened.pragma('journal_mode = WAL')
      // A commit that was answered survives a power cut. Never looser: this is money.
      opened.pragma('synchronous = FULL')
      opened.pragma('foreign_keys = ON')
    }
    opened.pragma(`cache_size = -${CACHE_KIB}`)
    return opened
  } catch (error) {
    const translated = translateSqliteError(error)
    const reason = translated instanceof Error ? translated.message : String(translated)
    throw new StorageUnavailable(`cannot open the SQLite file ${file}: ${reason}`, { cause: error })
  }
}
