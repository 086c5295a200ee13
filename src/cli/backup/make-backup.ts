import { chmodSync, mkdirSync, rmSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { BackupSource, Copy } from '../../db/backup.ts'
import type { Database } from '../../db/database.ts'
import { BackupRefused, StorageUnavailable } from '../../db/errors.ts'
import { hashFile, syncToDisk } from '../../db/file-hash.ts'
import { knownMigrations } from '../../db/migrations/run.ts'
import { type Clock, isoTime } from '../../kernel/clock.ts'
import { VERSION } from '../../version.ts'
import type { AuditReport } from '../audit/audit-database.ts'
import { folderName, removeAbandoned, unfinishedName } from './backup-folders.ts'
import { COVERS_COPY, COVERS_DATABASE, MANIFEST_FILE, type Manifest, newManifest } from './manifest.ts'
import { auditUnderBar, copyUnderBar } from './progress-bars.ts'

export interface MadeBackup {
  readonly folder: string
  readonly manifest: Manifest
  /** Null where the schema is of an older release, whose books this one cannot read. */
  readonly report: AuditReport | null
}

/**
 * Copies the database into a new folder of `directory`. Everything is written under another name, is on disk, and gets
 * its real name last: at whatever moment the process dies, there is a whole backup or none.
 * @throws BackupRefused or StorageUnavailable; then nothing is left.
 */
export async function makeBackup(
  deps: { database: Database; identity: string; source: BackupSource; clock: Clock },
  { directory, quiet }: { directory: string; quiet: boolean },
): Promise<MadeBackup> {
  const nowMs = deps.clock.nowMs()
  const name = folderName(nowMs)
  const unfinished = join(directory, unfinishedName(name))
  const folder = join(directory, name)
  const leave = (): void => rmSync(unfinished, { recursive: true, force: true })
  const stopped = stopAtSignal(leave)
  try {
    openFolder(directory, { nowMs })
    mkdirSync(unfinished, { mode: 0o700 })
    const { manifest, report } = await fillFolder(deps, { folder: unfinished, createdAtMs: nowMs, quiet })
    await syncToDisk(unfinished)
    await rename(unfinished, folder)
    await syncToDisk(directory)
    return { folder, manifest, report }
  } catch (error) {
    leave()
    throw inWords(error, directory)
  } finally {
    stopped.forget()
  }
}

/** Where a backup goes, as a whole path. */
export function backupDirectory(given: string): string {
  return resolve(given)
}

function openFolder(directory: string, { nowMs }: { nowMs: number }): void {
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 })
  // Only what we have made ourselves: another's folder has the rights that they chose.
  if (made !== undefined) chmodSync(directory, 0o700)
  removeAbandoned(directory, { nowMs })
}

async function fillFolder(
  { database, identity, source }: { database: Database; identity: string; source: BackupSource },
  { folder, createdAtMs, quiet }: { folder: string; createdAtMs: number; quiet: boolean },
): Promise<Omit<MadeBackup, 'folder'>> {
  const { version } = await database.describe()
  const file = join(folder, source.dataFile)
  const copy = await copyUnderBar('Copying', { quiet }, (onProgress) => source.copyTo({ file, onProgress }))
  const report = (await isCurrent(copy)) ? await auditUnderBar(copy, { quiet }) : null
  const manifest = newManifest({
    created_at: isoTime(createdAtMs),
    app_version: VERSION,
    engine: database.engine,
    database: identity,
    server_version: version,
    schema_steps: [...copy.schemaSteps],
    data: { file: source.dataFile, ...(await hashFile(file)) },
    rows: { ...copy.rows },
    audit: verdictOf(copy, report),
  })
  // `flush` has it on disk before it is closed.
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  await writeFile(join(folder, MANIFEST_FILE), text, { mode: 0o600, flag: 'wx', flush: true })
  return { manifest, report }
}

async function isCurrent({ schemaSteps }: Copy): Promise<boolean> {
  return JSON.stringify(schemaSteps) === JSON.stringify(await knownMigrations())
}

function verdictOf(copy: Copy, report: AuditReport | null): Manifest['audit'] {
  const broken = report?.invariants.filter(({ breaches }) => breaches > 0).map(({ name }) => name) ?? []
  const covers = copy.audited === 'copy' ? COVERS_COPY : COVERS_DATABASE
  return {
    root: copy.root,
    root_covers: COVERS_COPY,
    clean: report?.clean ?? null,
    verdict_covers: report === null ? null : covers,
    broken,
  }
}

/** A backup that is interrupted takes its data with it: they are personal, and of no use. */
function stopAtSignal(leave: () => void): { forget: () => void } {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const stop = (signal: NodeJS.Signals): void => {
    leave()
    process.stderr.write(`${signal}: no backup was made.\n`)
    process.exit(2)
  }
  for (const signal of signals) process.on(signal, stop)
  return { forget: () => signals.forEach((signal) => void process.off(signal, stop)) }
}

const NO_ROOM = new Set(['ENOSPC', 'EDQUOT', 'EFBIG'])

function inWords(error: unknown, directory: string): unknown {
  if (error instanceof BackupRefused || error instanceof StorageUnavailable) return error
  const { code, syscall, message } = error as NodeJS.ErrnoException
  if (code === undefined || syscall === undefined) return error
  const why = NO_ROOM.has(code) ? 'there is no room for it' : message
  return new BackupRefused(`cannot write a backup into ${directory}: ${why}. No backup was made.`, { cause: error })
}
