import { randomBytes } from 'node:crypto'
import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { exportPlayer } from '../../features/privacy/index.ts'
import { systemClock } from '../../kernel/clock.ts'
import { CommandRefused } from '../command.ts'
import { openBar } from '../progress-bar.ts'
import { printable } from '../store/arguments.ts'
import { EXIT_DONE, EXIT_REFUSED, type OpenedPlayer, runOnPlayer, tellRefusal } from './run-player.ts'

interface ExportOptions {
  readonly out?: string
  readonly force?: boolean
}

/** Writes everything that is kept of a player to standard output, or to a file that its owner alone can read. */
export async function exportData(uid: string, { out, force = false }: ExportOptions): Promise<void> {
  await runOnPlayer(uid, (opened) =>
    out === undefined ? exportTo(opened, writeToOutput) : exportToFile(opened, { file: out, force }),
  )
}

type Write = (text: string) => Promise<void>

async function exportTo({ playerId, ...deps }: OpenedPlayer, write: Write): Promise<number> {
  const bar = openBar({ format: 'Exporting [{bar}] {percentage}% | {value} of {total} rows', worthALog: 100_000 })
  try {
    const clock = systemClock
    const exported = await exportPlayer({ ...deps, clock }, { playerId, write, onProgress: bar.update })
    return exported.ok ? EXIT_DONE : tellRefusal(exported.refusal)
  } catch (error) {
    // Whoever reads has seen enough.
    if (codeOf(error) === 'EPIPE') return EXIT_REFUSED
    throw error
  } finally {
    bar.close()
  }
}

function writeToOutput(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

/** Under a name of its own at first: whatever breaks off leaves no half of it, and what stood there before as it was. */
async function exportToFile(opened: OpenedPlayer, target: { file: string; force: boolean }): Promise<number> {
  const { file, force } = target
  const beside = `${file}.${randomBytes(6).toString('hex')}.part`
  if (!force) await reserve(file)
  let written = false
  try {
    const handle = await openNew(beside)
    try {
      const code = await exportTo(opened, async (text) => void (await handle.writeFile(text)))
      if (code !== EXIT_DONE) return code
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
    written = true
  } finally {
    if (!written) await Promise.all([beside, ...(force ? [] : [file])].map((path) => rm(path, { force: true })))
  }
  process.stderr.write(`Everything that is kept of player ${opened.playerId} stands in ${printable(file)}\n`)
  return EXIT_DONE
}

/** Takes the name, so that of two at once one is refused. */
async function reserve(file: string): Promise<void> {
  await (await openNew(file)).close()
}

async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, 'wx', 0o600)
  } catch (error) {
    const code = codeOf(error)
    if (code === 'EEXIST') {
      throw new CommandRefused(`Nothing was done: ${printable(file)} is there already; say --force to replace it.`)
    }
    throw new CommandRefused(`Nothing was done: ${printable(file)} cannot be written (${code ?? 'unknown'}).`)
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined
}
