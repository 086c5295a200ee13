import { existsSync } from 'node:fs'
import type { Config } from '../config/config.ts'
import { describeFaults, loadProcessConfig } from '../config/load.ts'
import type { Database } from '../db/database.ts'
import { BackupRefused, SchemaMismatch, StorageUnavailable } from '../db/errors.ts'
import { openDatabase } from '../db/open-database.ts'
import { KeyValueUnavailable } from '../kv/kv.ts'
import { KeyValueOpenError } from '../kv/open-error.ts'

/** Why a command could not do its work, in words for the operator. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused'
}

export interface CommandSettings {
  /**
   * `current`: the command needs this release's schema and never makes a database. `known`: an older release's will do
   * too. `any`: it brings the schema.
   */
  readonly schema: 'current' | 'known' | 'any'
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
  await runConfigured(settings, async (config) => {
    const database = await openExisting(config, settings)
    try {
      return await work({ config, database })
    } finally {
      await database.close()
    }
  })
}

/** The same for a command that opens what it needs by itself. */
export async function runConfigured(
  { refusedExitCode }: Pick<CommandSettings, 'refusedExitCode'>,
  work: (config: Config) => Promise<number>,
): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', outliveTheReader)
  try {
    const loaded = loadProcessConfig()
    if (!loaded.ok) throw new CommandRefused(describeFaults(loaded.faults, 'nothing was done'))
    process.exitCode = await work(loaded.config)
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`)
    process.exitCode = refusedExitCode
  }
}

/** `npm run audit | head` closes the pipe early. That is no fault, and the exit code still tells what was found. */
export function outliveTheReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error
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
    if (pending.length === 0 || schema === 'known') return database
    throw new SchemaMismatch(`the database lacks ${pending.length} schema steps: run \`npm run migrate\` first`)
  } catch (error) {
    await database.close()
    throw error
  }
}

const FOR_THE_OPERATOR = [
  ...[CommandRefused, StorageUnavailable, SchemaMismatch, BackupRefused],
  ...[KeyValueOpenError, KeyValueUnavailable],
]

export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const isForTheOperator = FOR_THE_OPERATOR.some((kind) => error instanceof kind)
  return isForTheOperator ? error.message : (error.stack ?? error.message)
}
