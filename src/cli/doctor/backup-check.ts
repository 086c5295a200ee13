import { join } from 'node:path'
import type { DatabaseConfig } from '../../config/config.ts'
import { hashFile } from '../../db/file-hash.ts'
import { findBackups } from '../backup/backup-folders.ts'
import type { Manifest } from '../backup/manifest.ts'
import { type Check, type Finding, failed, passed } from './check.ts'

const HOUR_MS = 60 * 60 * 1000
// A daily backup, and the hour that it may take.
const AGE_HOURS_MAX = 25
const REMEDY = 'Run `npm run backup` every day, for instance by cron, and keep a copy on another machine.'
const REMEDY_FUTURE = 'Set the clock, move that folder away, then: npm run backup'

export const BACKUPS: Check = {
  name: 'backups',
  variables: ['BACKUP_DIR'],
  examine: async ({ known, database, clock }) => {
    if (known.backupDir === undefined) return []
    const all = findBackups(known.backupDir)
    const ours = all.filter(({ manifest }) => fits(manifest, { engine: database?.engine, config: known.database }))
    const [newest] = ours
    if (newest === undefined) {
      const others = all.length === 0 ? '' : ` of this engine (${all.length} are of another)`
      return [failed(`there is no whole backup in ${known.backupDir}${others}`, REMEDY)]
    }
    const { manifest, folder, createdAtMs } = newest
    const ageHours = (clock.nowMs() - createdAtMs) / HOUR_MS
    const faults: Finding[] = []
    if (ageHours > AGE_HOURS_MAX) {
      faults.push(failed(`the newest backup, ${folder}, is ${Math.floor(ageHours)} hours old`, REMEDY))
    } else if (ageHours < -1) {
      faults.push(failed(`the newest backup, ${folder}, is from the future`, REMEDY_FUTURE))
    }
    const { sha256 } = await hashFile(join(folder, manifest.data.file))
    if (sha256 !== manifest.data.sha256) {
      faults.push(failed(`the newest backup, ${folder}, is damaged: its hash is another`, 'Run: npm run backup'))
    }
    if (faults.length > 0) return faults
    return passed(`${folder} is whole, and ${Math.max(0, Math.floor(ageHours))} hours old`, notesOf(manifest))
  },
}

interface Asked {
  /** As the open database tells it. */
  readonly engine: string | undefined
  readonly config: DatabaseConfig | undefined
}

/** What cannot be asked is judged by what the configuration says; what that does not say is not judged. */
function fits({ engine }: Manifest, asked: Asked): boolean {
  if (asked.engine !== undefined) return engine === asked.engine
  return asked.config === undefined || (engine === 'sqlite') === (asked.config.kind === 'sqlite')
}

function notesOf({ audit }: Manifest): string[] {
  if (audit.clean === false) return [`its books were not clean: ${audit.broken.join(', ')}`]
  return audit.clean === null ? ['its books were not audited'] : []
}
