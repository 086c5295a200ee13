import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { describeFaults, loadProcessConfig } from '../config/load.ts'
import type { Database } from '../db/database.ts'
import { SchemaMismatch, StorageUnavailable } from '../db/errors.ts'
import { openDatabase } from '../db/open-database.ts'

/** Why a command could not do its work, in words for the operator. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused'
}

export interface CommandSettings {
  /** `current`: the command needs this release's schema and never makes a database. `any`: it brings the schema. */
  readonly schema: 'current' | 'any'
  /** The exit code when the command could not do its work. */
  readonly refusedExitCode: number
}

/**
 * Runs a command on the configured database and sets the exit code that it answers. What the operator can mend is told
 * in words on standard error; a bug keeps its stack.
 */
export async function runCommand(
  settings: CommandSettings,
  work: (opened: { config: Config; database: Database }) => Promise<number>,
): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', outliveTheReader)
  try {
    process.exitCode = await workOnDatabase(settings, work)
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exitCode = settings.refusedExitCode
  }
}

/** `npm run audit | head` closes the pipe early. That is no fault, and the exit code still tells what was found. */
function outliveTheReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
}

async function workOnDatabase(
  settings: CommandSettings,
  work: (opened: { config: Config; database: Database }) => Promise<number>,
): Promise<number> {
  const loaded = loadProcessConfig()
  if (!loaded.ok) throw new CommandRefused(describeFaults(loaded.faults, 'nothing was done'))
  const { config } = loaded
  const database = await openExisting(config, settings)
  try {
    return await work({ config, database })
  } finally {
    await database.close()
  }
}

async function openExisting(config: Config, { schema }: CommandSettings): Promise<Database> {
  if (schema === 'any') return openDatabase(config.database)
  // Opening a SQLite file makes it, and the books of an empty file are always clean.
  if (config.database.kind === 'sqlite' && !existsSync(config.database.file)) {
    throw new CommandRefused(
      `there is no database at ${config.database.file}: see DATABASE_URL, or run \`npm run migrate\``,
    )
  }
  const database = await openDatabase(config.database)
  try {
    const pending = await database.pendingMigrations()
    if (pending.length === 0) return database
    throw new SchemaMismatch(`the database lacks ${pending.length} schema steps: run \`npm run migrate\` first`)
  } catch (error) {
    await database.close()
    throw error
  }
}

function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isForTheOperator =
    error instanceof CommandRefused || error instanceof StorageUnavailable || error instanceof SchemaMismatch
  return isForTheOperator ? error.message : (error.stack ?? error.message)
}
