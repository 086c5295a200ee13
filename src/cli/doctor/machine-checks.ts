import { existsSync, statfsSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Check, type Finding, failed, passed, unless } from './check.ts'

// This program is younger than that.
const EARLIEST_MS = Date.UTC(2026, 0, 1)
// Far above what an honest clock strays, far below what would put a payment on another day.
const APART_MAX_MS = 30_000

/** Whether this machine's clock can be right, by itself and beside the clocks of the servers it works with. */
export function examineClock(at: {
  nowMs: number
  others: readonly { readonly name: string; readonly timeMs: number }[]
}): readonly Finding[] {
  const remedy = 'Let the machines keep their clocks by NTP (timedatectl set-ntp true).'
  if (at.nowMs < EARLIEST_MS) return [failed('the clock of this machine is years behind', remedy)]
  const faults = at.others.flatMap(({ name, timeMs }) => {
    const apartMs = Math.abs(at.nowMs - timeMs)
    if (apartMs <= APART_MAX_MS) return []
    return [failed(`the clocks of this machine and of ${name} are ${Math.round(apartMs / 1000)} s apart`, remedy)]
  })
  const beside = at.others.length === 0 ? '' : `, beside ${at.others.map(({ name }) => name).join(' and ')}`
  return unless(faults, { said: `the clock is plausible${beside}` })
}

const ENV_FILE = '.env'
// Others may not read it; nobody but its owner may write it.
const FORBIDDEN_BITS = 0o027

export const ENV_FILE_PRIVATE: Check = {
  name: 'env-file',
  variables: [],
  examine: () => {
    const file = resolve(ENV_FILE)
    // Windows keeps rights in another way, of which these bits say nothing.
    if (process.platform === 'win32' || !existsSync(file)) return []
    const mode = statSync(file).mode & 0o777
    if ((mode & FORBIDDEN_BITS) === 0) return passed(`${ENV_FILE} is private (${mode.toString(8)})`)
    const said = `${ENV_FILE}, which holds the secrets, is open to others (${mode.toString(8)})`
    return [failed(said, `chmod 600 ${ENV_FILE}`)]
  },
}

const MIB = 1024 * 1024
// A day of a busy game, its log files, and room for a backup that is being made.
const FREE_BYTES_MIN = 1024 * MIB

/** Whether a disk has room for the next days. */
export function examineSpace(disk: { place: string; freeBytes: number; needBytes: number }): Finding | null {
  const minBytes = Math.max(FREE_BYTES_MIN, 2 * disk.needBytes)
  if (disk.freeBytes >= minBytes) return null
  const [free, min] = [disk.freeBytes, minBytes].map((bytes) => Math.round(bytes / MIB))
  return failed(`${disk.place} has ${free} MiB of room left`, `Make room: at least ${min} MiB, or twice the database.`)
}

export const DISK_SPACE: Check = {
  name: 'disk-space',
  variables: [],
  examine: ({ known: { database, backupDir, logging } }) => {
    const sqliteFile = database?.kind === 'sqlite' ? resolve(database.file) : null
    const needBytes = sqliteFile === null || !existsSync(sqliteFile) ? 0 : statSync(sqliteFile).size
    const places = [sqliteFile, backupDir ?? null, logging?.file ?? null]
    // One line for a disk, whatever lies on it.
    const disks = new Map<number, string>()
    for (const place of places) {
      if (place === null) continue
      const folder = existingFolder(resolve(place))
      disks.set(statSync(folder).dev, folder)
    }
    const faults = [...disks.values()].flatMap((folder) => {
      const { bavail, bsize } = statfsSync(folder)
      return examineSpace({ place: folder, freeBytes: bavail * bsize, needBytes }) ?? []
    })
    if (disks.size === 0) return []
    return unless(faults, { said: `there is room on ${[...disks.values()].join(' and ')}` })
  },
}

/** The folder itself, or the nearest one above it that exists. */
function existingFolder(place: string): string {
  for (let folder = place; ; folder = dirname(folder)) {
    if (existsSync(folder) && statSync(folder).isDirectory()) return folder
  }
}
