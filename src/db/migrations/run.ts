import type { Kysely } from 'kysely'
import { type Migration, type MigrationProvider, Migrator } from 'kysely/migration'
import { SchemaMismatch } from '../errors.ts'
import type { Schema } from '../schema.ts'
import { migrations } from './list.ts'

/**
 * One statement of a migration. On MySQL every DDL statement commits by itself, so each is a step of its own in the
 * migration log: a process that dies in between goes on where it stopped.
 */
export type MigrationStep = (db: Kysely<Schema>) => Promise<unknown>

/** Brings the schema up to date. @throws SchemaMismatch when the database is from a newer release. */
export async function applyMigrations(db: Kysely<Schema>): Promise<{ applied: string[] }> {
  await pendingMigrations(db)
  const { error, results } = await migratorOn(db).migrateToLatest()
  if (error !== undefined) throw error
  return { applied: (results ?? []).filter((step) => step.status === 'Success').map((step) => step.migrationName) }
}

/** The steps that are not applied yet, in order. @throws SchemaMismatch when the database is from a newer release. */
export async function pendingMigrations(db: Kysely<Schema>): Promise<string[]> {
  const known = await migratorOn(db).getMigrations()
  const names = new Set(known.map((step) => step.name))
  const unknown = (await appliedMigrations(db)).filter((name) => !names.has(name))
  if (unknown.includes(RESTORE_UNFINISHED)) {
    throw new SchemaMismatch('a restore into this database did not end: run `npm run restore` with --replace again')
  }
  if (unknown.length > 0) {
    throw new SchemaMismatch(
      `the database is from a newer release (it has ${unknown[0]}): start that release, or restore a backup of this one`,
    )
  }
  return known.filter((step) => step.executedAt === undefined).map((step) => step.name)
}

/** The names of all steps of this release, in order. */
export async function knownMigrations(): Promise<string[]> {
  return Object.keys(await stepProvider.getMigrations()).sort()
}

/** The names of the steps that are applied, in order; none where there is no schema yet. */
export async function appliedMigrations(db: Kysely<Schema>): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === LOG_TABLE)) return []
  const rows = await db
    .selectFrom(LOG_TABLE as never)
    .select('name' as never)
    .execute()
  return (rows as { name: string }[]).map((row) => row.name).sort()
}

export const LOG_TABLE = 'schema_migrations'
export const LOCK_TABLE = 'schema_migrations_lock'

/** Stands in the migration log while a restore is under way: no release knows it, so none starts on half of the data. */
export const RESTORE_UNFINISHED = 'restore-unfinished'

function migratorOn(db: Kysely<Schema>): Migrator {
  return new Migrator({
    db,
    provider: stepProvider,
    migrationTableName: LOG_TABLE,
    migrationLockTableName: LOCK_TABLE,
  })
}

const stepProvider: MigrationProvider = {
  getMigrations: async () => {
    const steps: Record<string, Migration> = {}
    for (const [name, list] of Object.entries(migrations)) {
      list.forEach((step, index) => {
        const number = String(index + 1).padStart(2, '0')
        steps[`${name}.${number}`] = { up: async (db) => void (await step(db)) }
      })
    }
    return steps
  },
}
