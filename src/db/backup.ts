import type { Database } from './database.ts'
import { sqliteBackupSource } from './dialects/sqlite-backup.ts'
import { sqliteRestoreTarget } from './dialects/sqlite-restore.ts'
import type { DatabaseSettings } from './open-database.ts'

/** How far a copy is. What is counted differs from engine to engine. */
export type CopyProgress = (progress: { readonly done: number; readonly total: number }) => void

/** What stands in the data that were copied, read from the copy itself and not from the database beside it. */
export interface Copy {
  /** How many rows each table has. */
  readonly rows: Readonly<Record<string, number>>
  readonly schemaSteps: readonly string[]
  /** The root over the heads of all chains. */
  readonly root: string
  /** What `inSnapshot` reads: the very data that were copied, or the database as it is after the copy. */
  readonly audited: 'copy' | 'database'
  readonly inSnapshot: Database['inSnapshot']
}

/** A database that is at work, as something to copy. */
export interface BackupSource {
  /** The name of the file that holds the data of a backup. */
  readonly dataFile: string
  /**
   * Copies one moment of the database into a new file that only its owner may read, and has it on disk before it
   * returns. A copy that is not whole is a failure; its file is then the caller's to remove.
   * @throws BackupRefused or StorageUnavailable in words for the operator.
   */
  copyTo(input: { file: string; onProgress: CopyProgress }): Promise<Copy>
}

/** A place that a backup can be put into. */
export interface RestoreTarget {
  readonly engine: Database['engine']
  /** What stands in the way, in words; null when there is nothing. */
  occupiedBy(): Promise<string | null>
  /**
   * Puts the data there. With `replace` it makes room first: the old data are moved aside under a name that ends in
   * `asideName`. A restore that fails leaves the old data in their place, or nothing that a server would start on.
   * @throws BackupRefused or StorageUnavailable in words for the operator.
   */
  restore(input: RestoreInput): Promise<{ movedAside: readonly string[] }>
  close(): Promise<void>
}

export interface RestoreInput {
  readonly file: string
  /** What the data must hash to, once more while they are copied. */
  readonly sha256: string
  /** The tables of the backup and how many rows they have. */
  readonly rows: Readonly<Record<string, number>>
  readonly replace: boolean
  readonly asideName: string
  /**
   * How far the counter of player numbers moves past every number that the backup or the replaced data know of: players
   * who are lost had numbers too, their sessions live on, and nobody else may ever be given those.
   */
  readonly numbersSkipped: number
  readonly onProgress: CopyProgress
}

/** The open database of these settings as something to copy. */
export async function openBackupSource(settings: DatabaseSettings, database: Database): Promise<BackupSource> {
  if (settings.kind === 'sqlite') return sqliteBackupSource(settings)
  const { mysqlBackupSource } = await import('./dialects/mysql-backup.ts')
  return mysqlBackupSource(settings, database)
}

/** The place of these settings, which need not exist yet. @throws StorageUnavailable when it is out of reach. */
export async function openRestoreTarget(settings: DatabaseSettings): Promise<RestoreTarget> {
  if (settings.kind === 'sqlite') return sqliteRestoreTarget(settings)
  const { openMysqlRestoreTarget } = await import('./dialects/mysql-restore.ts')
  return openMysqlRestoreTarget(settings)
}
