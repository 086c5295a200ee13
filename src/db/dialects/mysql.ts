import { sql } from 'kysely'
import { systemClock } from '../../kernel/clock.ts'
import type { Database, Db } from '../database.ts'
import { retryTransaction } from '../database.ts'
import { StorageUnavailable } from '../errors.ts'
import { applyMigrations, pendingMigrations } from '../migrations/run.ts'
import { COMMIT_MARKS, MARKS_KEPT_MS } from './mysql-commit-marks.ts'
import { kyselyOnPool } from './mysql-driver.ts'
import { ConnectionLost } from './mysql-errors.ts'
import { explainOpenError } from './mysql-open-error.ts'
import { MysqlPool } from './mysql-pool.ts'
import { connectionOptions, type MysqlPatience, type MysqlSettings } from './mysql-session.ts'
import { type MysqlVersion, readVersion } from './mysql-version.ts'

export type { MysqlSettings } from './mysql-session.ts'

/** What a test shortens. */
export interface MysqlLimits {
  readonly connectionsMax: number
  readonly acquireTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
}

const LIMITS: MysqlLimits = {
  // Payments share transactions, so ten are never all busy for long; fourteen workers fit into a server's default of 151.
  connectionsMax: 10,
  // A player's client gives up after ten seconds or so: an answer of 503 must come before.
  acquireTimeoutMs: 3_000,
  connectTimeoutMs: 3_000,
  statementTimeoutMs: 10_000,
}

const SESSION_IDLE_SECONDS = 60
// The audit and migrations: connections of their own, which may be slow and hold nobody up.
const PATIENT_CONNECTIONS_MAX = 4
const PATIENT_IDLE_SECONDS = 60 * 60

/**
 * Opens a schema on a MySQL or MariaDB server.
 * @throws StorageUnavailable in one line that says which setting to mend.
 */
export async function openMysql(settings: MysqlSettings, limits: Partial<MysqlLimits> = {}): Promise<Database> {
  const pools = openPools(settings, { ...LIMITS, ...limits })
  let version: MysqlVersion
  try {
    version = await askVersion(pools.quick)
  } catch (error) {
    pools.quick.close()
    pools.patient.close()
    if (error instanceof UnfitServer) throw error
    throw explainOpenError(error, settings)
  }
  const about = { database: settings.database, collation: version.collation }
  const db = kyselyOnPool(pools.quick, about)
  const patient = kyselyOnPool(pools.patient, about)
  return {
    db,
    engine: version.engine,
    inTransaction: (work) => retryTransaction(() => onceMoreWhenLost(() => db.transaction().execute(work))),
    inSnapshot: (work) => patient.connection().execute((connection) => readOneMoment(connection, work)),
    migrate: async () => {
      await prepareCommitMarks(patient)
      return applyMigrations(patient)
    },
    pendingMigrations: () => pendingMigrations(db),
    ping: async () => {
      await sql`select 1`.execute(db)
    },
    close: async () => {
      await Promise.all([db.destroy(), patient.destroy()])
    },
  }
}
