import { statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { openRestoreTarget, type RestoreTarget } from '../../db/backup.ts'
import { BackupRefused, SchemaMismatch } from '../../db/errors.ts'
import { hashFile } from '../../db/file-hash.ts'
import { knownMigrations } from '../../db/migrations/run.ts'
import { type DatabaseSettings, openDatabase } from '../../db/open-database.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import type { AuditReport } from '../audit/audit-database.ts'
import { rootOfChains } from '../audit/chains.ts'
import { countTables } from '../audit/totals.ts'
import { isUnfinished } from './backup-folders.ts'
import { MANIFEST_FILE, type Manifest, readManifest } from './manifest.ts'
import { auditUnderBar, copyUnderBar } from './progress-bars.ts'

/** What was restored, and what the restored database says of itself. */
export interface Restored {
  readonly folder: string
  readonly manifest: Manifest
  readonly movedAside: readonly string[]
  /** Read from the restored database. */
  readonly root: string
  readonly rows: Readonly<Record<string, number>>
  /** Where it differs from what the manifest says; empty when it does not. */
  readonly differences: readonly string[]
  /** Steps of the schema that this release would add. */
  readonly pending: readonly string[]
  /** Null where the schema is of an older release, whose books this one cannot read before `npm run migrate`. */
  readonly report: AuditReport | null
}

/**
 * Puts a backup into the place of these settings, applies nothing else, and reads it back. Everything that can be
 * refused is, before anything is changed.
 * @throws BackupRefused, SchemaMismatch or StorageUnavailable in words for the operator.
 */
export async function restoreBackup(
  deps: { settings: DatabaseSettings; clock: Clock },
  { backup, replace, quiet }: { backup: string; replace: boolean; quiet: boolean },
): Promise<Restored> {
  const folder = folderOf(backup)
  const manifest = await checkedManifest(folder)
  const target = await openRestoreTarget(deps.settings)
  let movedAside: readonly string[]
  try {
    await checkTarget(target, { manifest, replace })
    const { data, rows } = manifest
    const aside = `replaced-${isoTime(deps.clock.nowMs()).replaceAll(/[-:]/g, '')}`
    const done = await copyUnderBar('Restoring', { quiet }, (onProgress) =>
      target.restore({
        ...{ file: join(folder, data.file), sha256: data.sha256, rows, replace },
        ...{ asideName: aside, numbersSkipped: numbersSkipped(manifest, deps.clock.nowMs()), onProgress },
      }),
    )
    movedAside = done.movedAside
  } finally {
    await target.close()
  }
  return { folder, manifest, movedAside, ...(await readBack(deps.settings, { manifest, quiet })) }
}

// More players than have ever come between a backup and the end of what it is restored for.
const NUMBERS_SKIPPED_MIN = 1_000_000

/** Grows by one each second, so that a second restore of one backup passes the numbers given after the first. */
function numbersSkipped({ created_at }: Manifest, nowMs: number): number {
  return NUMBERS_SKIPPED_MIN + Math.max(0, Math.floor((nowMs - Date.parse(created_at)) / 1000))
}

/** A backup is named by its folder, or by its manifest. */
function folderOf(backup: string): string {
  const path = resolve(backup)
  const folder = basename(path) === MANIFEST_FILE ? dirname(path) : path
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new BackupRefused(`${folder} is no folder of a backup: name one that \`npm run backup\` has made`)
  }
  if (isUnfinished(basename(folder))) {
    throw new BackupRefused(`${folder} is no whole backup: it was interrupted while it was made, or removed`)
  }
  return folder
}

async function checkedManifest(folder: string): Promise<Manifest> {
  const manifest = readManifest(folder)
  const known = new Set(await knownMigrations())
  const unknown = manifest.schema_steps.find((step) => !known.has(step))
  if (unknown !== undefined) {
    throw new SchemaMismatch(
      `the backup is from a newer release (${manifest.app_version}, it has ${unknown}): restore it with that release`,
    )
  }
  const file = join(folder, manifest.data.file)
  if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new BackupRefused(`${file} is missing: the backup is not whole`)
  }
  const { sha256, bytes } = await hashFile(file)
  if (bytes !== manifest.data.bytes) {
    throw new BackupRefused(`${file} has ${bytes} bytes where its manifest says ${manifest.data.bytes}: it is damaged`)
  }
  if (sha256 !== manifest.data.sha256) {
    throw new BackupRefused(`${file} does not have the hash that its manifest says: it is damaged, or another's`)
  }
  return manifest
}

async function checkTarget(target: RestoreTarget, how: { manifest: Manifest; replace: boolean }): Promise<void> {
  const { engine } = how.manifest
  if (engine !== target.engine) {
    throw new BackupRefused(`the backup is of ${engine}, and DATABASE_URL names ${target.engine}: they cannot be mixed`)
  }
  const occupant = await target.occupiedBy()
  if (occupant === null || how.replace) return
  throw new BackupRefused(`${occupant}: name an empty place in DATABASE_URL, or give --replace. Nothing was changed.`)
}

async function readBack(settings: DatabaseSettings, how: { manifest: Manifest; quiet: boolean }) {
  const { manifest, quiet } = how
  const database = await openDatabase(settings)
  try {
    const pending = await database.pendingMigrations()
    const [root, rows] = await database.inSnapshot(async (db) => [
      await rootOfChains(db),
      await countTables(db, Object.keys(manifest.rows)),
    ])
    const report = pending.length === 0 ? await auditUnderBar(database, { quiet }) : null
    const differences = [
      ...(root === manifest.audit.root ? [] : [`the root is ${root}, and the manifest says ${manifest.audit.root}`]),
      ...Object.entries(manifest.rows)
        .filter(([table, count]) => rows[table] !== count)
        .map(([table, count]) => `${table} has ${rows[table] ?? 0} rows, and the manifest says ${count}`),
    ]
    return { root, rows, differences, pending, report }
  } finally {
    await database.close()
  }
}
