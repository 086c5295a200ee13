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
  const unknown = await appliedButUnknown(
    db,
    known.map((step) => step.name),
  )
  if (unknown.length > 0) {
    throw new SchemaMismatch(
      `the database is from a newer release (it has ${unknown[0]}): start that release, or restore a backup of this one`,
    )
  }
  return known.filter((step) => step.executedAt === undefined).map((step) => step.name)
}

const LOG_TABLE = 'schema_migrations'
const LOCK_TABLE = 'schema_migrations_lock'

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

async function appliedButUnknown(db: Kysely<Schema>, known: string[]): Promise<string[]> {
  const tables = await db.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some((table) => table.name === LOG_TABLE)) return []
  const rows = await db
    .selectFrom(LOG_TABLE as never)
    .select('name' as never)
    .execute()
  const names = (rows as { name: string }[]).map((row) => row.name)
  return names.filter((name) => !known.includes(name)).sort()
}
