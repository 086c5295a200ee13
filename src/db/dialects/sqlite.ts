import { mkdirSync } from 'node:fs'
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
 * @throws StorageUnavailable naming the file when it cannot be opened.
 */
export async function openSqlite({ file }: { file: string }): Promise<Database> {
  const writerFile = openFile(file, { readonly: false })
  const readerFile = openFile(file, { readonly: true })
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
