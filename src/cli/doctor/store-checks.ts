import { existsSync } from 'node:fs'
import type { KnownConfig } from '../../config/config.ts'
import type { EngineReport } from '../../db/database.ts'
import { SchemaMismatch } from '../../db/errors.ts'
import { knownMigrations } from '../../db/migrations/run.ts'
import type { Clock } from '../../kernel/clock.ts'
import { KeyValueUnavailable } from '../../kv/kv.ts'
import type { KeyValueSettings } from '../../kv/open.ts'
import { KeyValueOpenError } from '../../kv/open-error.ts'
import { type KeyValueReport, reportKeyValueStore } from '../../kv/report.ts'
import { auditDatabase } from '../audit/audit-database.ts'
import { type Check, failed, passed, unless } from './check.ts'
import { examineClock } from './machine-checks.ts'

/** What the stores have said, asked once for all checks. */
export interface StoreReports {
  readonly engine: EngineReport | null
  readonly keyValue: KeyValueReport | null
  /** Why the key-value store cannot be used; null when it can, or when nobody says where it is. */
  readonly keyValueFailure: string | null
}

export async function askKeyValueStore(
  { keyValue }: KnownConfig,
  clock: Clock,
): Promise<Pick<StoreReports, 'keyValue' | 'keyValueFailure'>> {
  if (keyValue === undefined) return { keyValue: null, keyValueFailure: null }
  if (keyValue.kind === 'sqlite' && !existsSync(keyValue.file)) {
    // Looking must not make it.
    const notes = [`${keyValue.file} is made at the first start`]
    return { keyValue: { version: 'a SQLite file', notes, clockMs: null }, keyValueFailure: null }
  }
  const settings: KeyValueSettings =
    keyValue.kind === 'sqlite'
      ? { ...keyValue, clock }
      : { kind: 'redis', config: keyValue.sessions, prefix: keyValue.prefix }
  try {
    return { keyValue: await reportKeyValueStore(settings), keyValueFailure: null }
  } catch (error) {
    if (!(error instanceof KeyValueOpenError || error instanceof KeyValueUnavailable)) throw error
    return { keyValue: null, keyValueFailure: error.message }
  }
}

/** The checks that need the stores, on what those have said. */
export function storeChecks(reports: StoreReports): readonly Check[] {
  return [DATABASE, SCHEMA, durability(reports), sessions(reports), clockCheck(reports)]
}

const DATABASE: Check = {
  name: 'database',
  variables: ['DATABASE_URL', 'MIGRATE_AT_START'],
  examine: async ({ database, databaseFailure, known }) => {
    if (databaseFailure !== null) {
      return [failed(databaseFailure, 'Start the database, or mend DATABASE_URL, as the line says.')]
    }
    if (database === null) return []
    await database.ping()
    const isOpen = known.database?.kind === 'mysql' && known.database.tls === 'off'
    const note = 'what goes to the database is not encrypted: add ?tls=verify unless it is on this machine'
    return passed(`${database.engine} answers`, isOpen ? [note] : [])
  },
}

const SCHEMA: Check = {
  name: 'schema',
  variables: [],
  examine: async ({ database }) => {
    if (database === null) return []
    try {
      const pending = await database.pendingMigrations()
      if (pending.length === 0) return passed("the schema is this release's")
      return [failed(`the database lacks ${pending.length} schema steps`, 'Run: npm run backup && npm run migrate')]
    } catch (error) {
      if (!(error instanceof SchemaMismatch)) throw error
      return [failed(error.message, 'Start the release that fits, or restore a backup.')]
    }
  },
}

const durability = ({ engine }: StoreReports): Check => ({
  name: 'durability',
  variables: [],
  examine: () => {
    if (engine === null) return []
    const faults = engine.faults.map(({ fault, remedy }) => failed(fault, remedy))
    return unless(faults, { said: `${engine.version}: what was answered outlives a power cut`, notes: engine.notes })
  },
})

const sessions = ({ keyValue, keyValueFailure }: StoreReports): Check => ({
  name: 'sessions',
  variables: ['REDIS_URL', 'REDIS_CONF', 'REDIS_PREFIX'],
  examine: () => {
    if (keyValueFailure !== null) {
      return [failed(keyValueFailure, 'Start Redis, or mend REDIS_URL or REDIS_CONF, as the line says.')]
    }
    return keyValue === null ? [] : passed(`sessions are kept in ${keyValue.version}`, keyValue.notes)
  },
})

const clockCheck = ({ engine, keyValue }: StoreReports): Check => ({
  name: 'clock',
  variables: [],
  examine: ({ clock }) =>
    examineClock({
      nowMs: clock.nowMs(),
      others: [
        ...(engine?.clockMs == null ? [] : [{ name: 'the database', timeMs: engine.clockMs }]),
        ...(keyValue?.clockMs == null ? [] : [{ name: 'Redis', timeMs: keyValue.clockMs }]),
      ],
    }),
})

/** The books; asked for, because it reads every row. */
export const BOOKS: Check = {
  name: 'books',
  variables: [],
  examine: async ({ database }) => {
    // Only this release's schema can be read; that it is another one is told by the check of the schema.
    const current = JSON.stringify(await knownMigrations())
    if (database === null || JSON.stringify(await database.appliedMigrations()) !== current) return []
    const { clean, invariants } = await auditDatabase(database)
    const broken = invariants.filter(({ breaches }) => breaches > 0).map(({ name }) => name)
    if (clean) return passed(`the books are clean: ${invariants.length} invariants hold`)
    return [failed(`the books are not clean: ${broken.join(', ')}`, 'Run: npm run audit, and change nothing by hand.')]
  },
}
