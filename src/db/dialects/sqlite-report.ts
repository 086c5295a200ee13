import type { Database as SqliteFile } from 'better-sqlite3'
import type { EngineReport } from '../database.ts'

const FULL = 2

/** What a SQLite file says of itself, on the connection that writes. */
export function describeSqlite(writer: SqliteFile): EngineReport {
  const version = `SQLite ${writer.prepare('select sqlite_version()').pluck().get()}`
  const level = Number(writer.pragma('synchronous', { simple: true }))
  const fault = 'a commit is answered before it is on disk (synchronous is not FULL)'
  const remedy = 'Take away what sets `synchronous` on this file: the service itself sets FULL.'
  return {
    version,
    faults: level >= FULL ? [] : [{ fault, remedy }],
    clockMs: null,
    notes: ['SQLite is one process on one machine: when the machine is gone, only a backup elsewhere is left'],
  }
}
