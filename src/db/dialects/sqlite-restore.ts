import { constants, existsSync, linkSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import BetterSqlite, { type Database as SqliteFile } from 'better-sqlite3'
import type { RestoreInput, RestoreTarget } from '../backup.ts'
import { BackupRefused } from '../errors.ts'
import { hashFile, syncToDisk } from '../file-hash.ts'
import { tablesOf } from './sqlite-backup.ts'
import { translateSqliteError } from './sqlite-driver.ts'

/** The place of a SQLite file, as something to put a backup into. */
export function sqliteRestoreTarget({ file }: { file: string }): RestoreTarget {
  const place = resolve(file)
  return {
    engine: 'sqlite',
    occupiedBy: async () => occupant(place),
    restore: (input) => restoreFile(place, input),
    close: async () => undefined,
  }
}

const BESIDE = ['-wal', '-shm', '-journal']

function occupant(place: string): string | null {
  if (!existsSync(place)) {
    // Left of a file that is gone; SQLite would play it into the new one.
    const left = BESIDE.find((suffix) => existsSync(place + suffix))
    return left === undefined ? null : `${place}${left} is still there`
  }
  if (statSync(place).size === 0) return null
  try {
    const file = new BetterSqlite(place, { readonly: true })
    try {
      return tablesOf(file).length === 0 ? null : `the file ${place} holds data`
    } finally {
      file.close()
    }
  } catch {
    return `the file ${place} is there, and cannot be read as a database`
  }
}

async function restoreFile(place: string, input: RestoreInput): Promise<{ movedAside: readonly string[] }> {
  mkdirSync(dirname(place), { recursive: true })
  const incoming = `${place}.restoring-${process.pid}`
  try {
    await copyFile(input.file, incoming, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE)
    await chmod(incoming, 0o600)
    const { sha256, bytes } = await hashFile(incoming)
    if (sha256 !== input.sha256) throw new BackupRefused(`the data changed while they were copied to ${incoming}`)
    await syncToDisk(incoming)
    input.onProgress({ done: bytes, total: bytes })
    const movedAside = putInPlace({ incoming, place, ...input })
    await syncToDisk(dirname(place))
    return { movedAside }
  } finally {
    rmSync(incoming, { force: true })
  }
}

/** The old file keeps its data under another name; at no moment is there no file, so no server can make an empty one. */
function putInPlace(how: Pick<RestoreInput, 'asideName' | 'numbersSkipped'> & { incoming: string; place: string }) {
  const { incoming, place, asideName, numbersSkipped } = how
  const moved: string[] = []
  const lock = existsSync(place) ? lockOut(place) : null
  try {
    skipPlayerNumbers(incoming, { given: lock === null ? 0 : lastPlayerNumber(lock), skipped: numbersSkipped })
    for (const suffix of BESIDE) {
      if (!existsSync(place + suffix)) continue
      renameSync(place + suffix, `${place}.${asideName}${suffix}`)
      moved.push(`${place}.${asideName}${suffix}`)
    }
    if (existsSync(place) && statSync(place).size > 0) {
      keepAside(place, `${place}.${asideName}`)
      moved.push(`${place}.${asideName}`)
    }
    renameSync(incoming, place)
    return moved
  } finally {
    lock?.close()
  }
}

/** Moves the counter of the players far past every number given; no row changes. The commit is on disk. */
function skipPlayerNumbers(incoming: string, { given, skipped }: { given: number; skipped: number }): void {
  const file = new BetterSqlite(incoming, { fileMustExist: true })
  try {
    const next = Math.max(given, lastPlayerNumber(file)) + skipped
    file.transaction(() => {
      file.prepare("delete from sqlite_sequence where name = 'users'").run()
      file.prepare("insert into sqlite_sequence (name, seq) values ('users', ?)").run(next)
    })()
  } catch (error) {
    throw translateSqliteError(error)
  } finally {
    file.close()
  }
}

/** The highest player number that a file has given; 0 where it has no players or cannot be read. */
function lastPlayerNumber(file: SqliteFile): number {
  try {
    const counted = file.prepare("select seq from sqlite_sequence where name = 'users'").pluck().get()
    const highest = file.prepare('select max(user_id) from users').pluck().get()
    return Math.max(Number(counted ?? 0), Number(highest ?? 0))
  } catch {
    return 0
  }
}

function keepAside(place: string, aside: string): void {
  try {
    linkSync(place, aside)
  } catch {
    // A file system without hard links.
    renameSync(place, aside)
  }
}

/**
 * Proves that nobody else has the file open, and keeps it so. A server holds a shared lock on a file in WAL mode for
 * as long as it is open, and leaving that mode needs it alone; the log is then folded into the file too.
 * @throws BackupRefused when somebody has it open.
 */
function lockOut(place: string): SqliteFile | null {
  let file: SqliteFile | null = null
  try {
    file = new BetterSqlite(place, { timeout: 0 })
    file.pragma('journal_mode = DELETE')
    file.exec('begin exclusive')
    return file
  } catch (error) {
    file?.close()
    const { code = '' } = error as { code?: string }
    if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
      throw new BackupRefused(`a server, or another program, has ${place} open: stop it first. Nothing was changed.`, {
        cause: error,
      })
    }
    // What is no database, or a broken one, is open to no server: it is moved aside as it is.
    if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) return null
    throw translateSqliteError(error)
  }
}
