import { existsSync } from 'node:fs'
import type { KnownConfig } from '../../config/config.ts'
import type { ConfigFault, LoadedConfig } from '../../config/load.ts'
import { VARIABLE_NAMES } from '../../config/schema.ts'
import type { Database } from '../../db/database.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import { openDatabase } from '../../db/open-database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { BACKUPS } from './backup-check.ts'
import { type Check, failed, type Patient, passed, type Row } from './check.ts'
import { CORS, HTTPS, METRICS, PROXIES, RATE_LIMITS, REQUEST_LOG } from './http-checks.ts'
import { LOGINS, SIGNING_KEYS } from './identity-checks.ts'
import { DISK_SPACE, ENV_FILE_PRIVATE } from './machine-checks.ts'
import { APP_SECRETS, CHANNEL_SECRETS, ENVIRONMENT, JWT_SECRET, SECRETS_APART, WEBHOOKS } from './secret-checks.ts'
import { askKeyValueStore, BOOKS, storeChecks } from './store-checks.ts'

/** The checklist in its order, but for the checks that need the stores. */
const BEFORE: readonly Check[] = [
  ...[ENVIRONMENT, JWT_SECRET, APP_SECRETS, CHANNEL_SECRETS, SECRETS_APART, HTTPS, PROXIES, CORS],
  ...[RATE_LIMITS, REQUEST_LOG, METRICS, LOGINS, WEBHOOKS],
]
const AFTER: readonly Check[] = [SIGNING_KEYS, BACKUPS, DISK_SPACE, ENV_FILE_PRIVATE]

/**
 * Goes through the whole checklist. A fault of the configuration is a failed row of the check that it belongs to, and
 * keeps no other check from being made.
 */
export async function examine(
  { loaded, clock }: { loaded: LoadedConfig; clock: Clock },
  { audit }: { audit: boolean },
): Promise<Row[]> {
  const known: KnownConfig = loaded.ok ? loaded.config : loaded.known
  const { database, databaseFailure } = await openKnown(known)
  try {
    const patient: Patient = { known, clock, database, databaseFailure }
    const reports = {
      ...(await askKeyValueStore(known, clock)),
      engine: database === null ? null : await database.describe(),
    }
    const checks = [...BEFORE, ...storeChecks(reports), ...AFTER, ...(audit ? [BOOKS] : [])]
    const faults = loaded.ok ? [] : loaded.faults
    const rows: Row[] = []
    for (const check of [configuration(checks, loaded), ...checks]) {
      rows.push(...(await rowsOf(check, { patient, faults })))
    }
    return rows
  } finally {
    await database?.close()
  }
}

async function rowsOf(check: Check, how: { patient: Patient; faults: readonly ConfigFault[] }): Promise<Row[]> {
  const own = how.faults.filter(({ variable }) => check.variables.includes(variable))
  const findings =
    own.length > 0
      ? own.map(({ variable, fault, remedy }) => failed(`${variable}: ${fault}`, remedy))
      : await check.examine(how.patient)
  return findings.map((finding) => ({ check: check.name, ...finding }))
}

/** The faults of all variables that no other check is about. */
function configuration(checks: readonly Check[], loaded: LoadedConfig): Check {
  const taken = new Set(checks.flatMap(({ variables }) => variables))
  return {
    name: 'configuration',
    variables: VARIABLE_NAMES.filter((name) => !taken.has(name)),
    examine: () => passed('every other variable can be read', loaded.ok ? loaded.warnings : []),
  }
}

/** Looking must not make a database: opening a SQLite file would. */
async function openKnown({ database: settings }: KnownConfig): Promise<{
  database: Database | null
  databaseFailure: string | null
}> {
  if (settings === undefined) return { database: null, databaseFailure: null }
  if (settings.kind === 'sqlite' && !existsSync(settings.file)) {
    return { database: null, databaseFailure: `there is no database at ${settings.file}: run \`npm run migrate\`` }
  }
  try {
    return { database: await openDatabase(settings), databaseFailure: null }
  } catch (error) {
    if (!(error instanceof StorageUnavailable)) throw error
    return { database: null, databaseFailure: error.message }
  }
}
