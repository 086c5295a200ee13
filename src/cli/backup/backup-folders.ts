import { lstatSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { BackupRefused } from '../../db/errors.ts'
import { isoTime } from '../../kernel/clock.ts'
import { MANIFEST_FILE, type Manifest, readManifest } from './manifest.ts'

/** A backup that is whole, as far as its manifest tells. */
export interface FoundBackup {
  readonly folder: string
  readonly manifest: Manifest
  readonly createdAtMs: number
}

/** What is not whole yet, or is on its way out: no restore takes such a name, and the next backup clears it away. */
const UNFINISHED = '.unfinished-'

/** `payment-api-20261102T030405.678Z`: in the order of their names they are in the order of time. */
export function folderName(timeMs: number): string {
  return `payment-api-${isoTime(timeMs).replaceAll(/[-:]/g, '')}`
}

export function unfinishedName(name: string): string {
  return `${UNFINISHED}${name}-${process.pid}`
}

export function isUnfinished(name: string): boolean {
  return name.startsWith(UNFINISHED)
}

/** Every whole backup of a folder, the newest first; none where the folder does not exist. */
export function findBackups(directory: string): FoundBackup[] {
  const found = foldersOf(directory).flatMap((name): FoundBackup[] => {
    if (isUnfinished(name)) return []
    const folder = join(directory, name)
    try {
      const manifest = readManifest(folder)
      if (statSync(join(folder, manifest.data.file)).size !== manifest.data.bytes) return []
      return [{ folder, manifest, createdAtMs: Date.parse(manifest.created_at) }]
    } catch {
      return []
    }
  })
  return found.sort((a, b) => b.createdAtMs - a.createdAtMs || (a.folder < b.folder ? 1 : -1))
}

/** Names of real folders: what a link points to is not ours to read or to remove. */
function foldersOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new BackupRefused(`cannot read the folder ${directory}: ${(error as Error).message}`, { cause: error })
  }
}

/**
 * Removes the oldest whole backups of the same database beyond `keep`, of which the one just made is the first and
 * stays; tells their folders. What else lies there is left alone: backups of others, of nobody knows what, or from a
 * future that a wrong clock has seen.
 */
export async function removeOlder(
  directory: string,
  { keep, made }: { keep: number; made: Pick<FoundBackup, 'folder' | 'manifest'> },
): Promise<string[]> {
  const removed: string[] = []
  const madeAtMs = Date.parse(made.manifest.created_at)
  const older = findBackups(directory).filter(
    ({ folder, manifest, createdAtMs }) =>
      folder !== made.folder &&
      createdAtMs <= madeAtMs &&
      manifest.engine === made.manifest.engine &&
      manifest.database === made.manifest.database,
  )
  for (const { folder, manifest } of older.slice(keep - 1)) {
    // Under such a name first: a crash in between leaves nothing that looks whole.
    const name = unfinishedName(folder.slice(directory.length).replaceAll(/[\\/]/g, ''))
    const going = join(directory, name)
    await rename(folder, going)
    for (const file of [MANIFEST_FILE, manifest.data.file]) rmSync(join(going, file), { force: true })
    try {
      rmdirSync(going)
    } catch {
      // Somebody has put something of their own in there: that stays, under its old name.
      await rename(going, folder)
    }
    removed.push(folder)
  }
  return removed
}

// Longer than any backup takes that is still under way.
const ABANDONED_AFTER_MS = 24 * 60 * 60 * 1000

/** Removes what backups left that were killed: it holds personal data and is of no use to anybody. */
export function removeAbandoned(directory: string, { nowMs }: { nowMs: number }): void {
  for (const name of foldersOf(directory)) {
    if (!isUnfinished(name)) continue
    const folder = join(directory, name)
    const changedMs = Math.max(...[folder, ...readdirSync(folder).map((file) => join(folder, file))].map(changedAt))
    if (nowMs - changedMs > ABANDONED_AFTER_MS) rmSync(folder, { recursive: true, force: true })
  }
}

function changedAt(path: string): number {
  return lstatSync(path).mtimeMs
}
