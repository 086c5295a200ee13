import { closeSync, openSync } from 'node:fs'
import BetterSqlite, { type Database as SqliteFile } from 'better-sqlite3'
import { type ChainHead, openChainRoot } from '../../kernel/chain-root.ts'
import type { BackupSource, Copy, CopyProgress } from '../backup.ts'
import { BackupRefused } from '../errors.ts'
import { syncToDisk } from '../file-hash.ts'
import { LOG_TABLE } from '../migrations/run.ts'
import { kyselyOn, translateSqliteError } from './sqlite-driver.ts'

// A few megabytes between two looks at the bar.
const PAGES_A_STEP = 1_000
const BUSY_TIMEOUT_MS = 10_000

/** A SQLite file that a server may have open, as something to copy. */
export function sqliteBackupSource({ file }: { file: string }): BackupSource {
  return {
    dataFile: 'data.sqlite',
    copyTo: async (input) => {
      try {
        await copyOneMoment(file, input)
        settle(input.file)
        await syncToDisk(input.file)
        return { ...readCopy(input.file), audited: 'copy', inSnapshot: (work) => readSnapshot(input.file, work) }
      } catch (error) {
        throw translateSqliteError(error)
      }
    },
  }
}

async function copyOneMoment(source: string, { file, onProgress }: { file: string; onProgress: CopyProgress }) {
  // Made before SQLite opens it, so that it is private from its first byte on.
  closeSync(openSync(file, 'wx', 0o600))
  const opened = new BetterSqlite(source, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
  try {
    // Without a transaction held open, every commit of the server would start the copy over, for ever under load.
    opened.exec('begin')
    opened.prepare('select count(*) from sqlite_schema').get()
    await opened.backup(file, {
      progress: ({ totalPages, remainingPages }) => {
        onProgress({ done: totalPages - remainingPages, total: totalPages })
        return PAGES_A_STEP
      },
    })
  } finally {
    opened.close()
  }
}

/** Makes the copy one file with nothing beside it, and proves that it is a sound one. */
function settle(file: string): void {
  const copy = new BetterSqlite(file, { fileMustExist: true })
  try {
    copy.pragma('journal_mode = DELETE')
    const said = String(copy.pragma('integrity_check(1)', { simple: true }))
    if (said !== 'ok') {
      throw new BackupRefused(
        `the copy is not sound, and so the database may not be either: integrity_check says "${said}"`,
      )
    }
  } finally {
    copy.close()
  }
}

function readCopy(file: string): Omit<Copy, 'audited' | 'inSnapshot'> {
  const copy = new BetterSqlite(file, { readonly: true })
  try {
    const tables = tablesOf(copy)
    const rows = tables.map((table) => [
      table,
      Number(copy.prepare(`select count(*) from "${table}"`).pluck().get()),
    ]) satisfies [string, number][]
    return { rows: Object.fromEntries(rows), schemaSteps: stepsOf(copy), root: rootOf(copy) }
  } finally {
    copy.close()
  }
}

export function tablesOf(file: SqliteFile): string[] {
  const names = file.prepare("select name from sqlite_schema where type = 'table' order by name").pluck().all()
  return (names as string[]).filter((name) => !name.startsWith('sqlite_'))
}

function stepsOf(file: SqliteFile): string[] {
  return file.prepare(`select name from ${LOG_TABLE} order by name`).pluck().all() as string[]
}

function rootOf(file: SqliteFile): string {
  const root = openChainRoot()
  const heads = file.prepare('select user_id, ledger_seq, chain_hash from users order by user_id').iterate()
  for (const head of heads) root.add(head as ChainHead)
  return root.digest()
}

async function readSnapshot<T>(file: string, work: (db: ReturnType<typeof kyselyOn>) => Promise<T>): Promise<T> {
  const copy = new BetterSqlite(file, { readonly: true })
  try {
    return await work(kyselyOn(copy))
  } finally {
    copy.close()
  }
}
