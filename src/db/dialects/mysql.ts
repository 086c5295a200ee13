import { CompiledQuery, sql } from 'kysely'
import { systemClock } from '../../kernel/clock.ts'
import type { Database, Db } from '../database.ts'
import { retryTransaction } from '../database.ts'
import { appliedMigrations, applyMigrations, pendingMigrations } from '../migrations/run.ts'
import { COMMIT_MARKS, MARKS_KEPT_MS } from './mysql-commit-marks.ts'
import { kyselyOnPool } from './mysql-driver.ts'
import { ConnectionLost } from './mysql-errors.ts'
import { explainOpenError } from './mysql-open-error.ts'
import { MysqlPool } from './mysql-pool.ts'
import { describeMysql } from './mysql-report.ts'
import { connectionOptions, type MysqlPatience, type MysqlSettings } from './mysql-session.ts'
import { type MysqlVersion, readVersion } from './mysql-version.ts'

export type { MysqlSettings } from './mysql-session.ts'

/** What a test shortens. */
export interface MysqlLimits {
  readonly connectionsMax: number
  readonly acquireTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly statementTimeoutMs: number
  readonly doubtTimeoutMs: number
}

const LIMITS: MysqlLimits = {
  // Payments share transactions, so ten are never all busy for long; fourteen workers fit into a server's default of 151.
  connectionsMax: 10,
  // A player's client gives up after ten seconds or so: an answer of 503 must come before.
  acquireTimeoutMs: 3_000,
  connectTimeoutMs: 3_000,
  statementTimeoutMs: 5_000,
  // A server that restarts is mostly back by then; who must wait longer is told to ask again.
  doubtTimeoutMs: 5_000,
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
  const { quick, patient: patientPool } = openPools(settings, { ...LIMITS, ...limits })
  let version: MysqlVersion
  try {
    version = readVersion(await askVersion(quick, settings))
  } catch (error) {
    quick.close()
    patientPool.close()
    throw error
  }
  const about = { database: settings.database, collation: version.collation }
  const db = kyselyOnPool(quick, about)
  const patient = kyselyOnPool(patientPool, about)
  return {
    db,
    engine: version.engine,
    inTransaction: (work, patience) =>
      retryTransaction(() => onceMoreWhenLost(() => db.transaction().execute(work)), patience),
    inSnapshot: (work) => patient.connection().execute((connection) => readOneMoment(connection, work)),
    migrate: async () => {
      await prepareCommitMarks(patient)
      return applyMigrations(patient)
    },
    pendingMigrations: () => pendingMigrations(db),
    appliedMigrations: () => appliedMigrations(db),
    describe: () => describeMysql(db),
    ping: async () => {
      await sql`select 1`.execute(db)
    },
    close: async () => {
      await Promise.all([db.destroy(), patient.destroy()])
      // Kysely does not close a pool that it never borrowed from, and asking for the version was not its doing.
      quick.close()
      patientPool.close()
    },
  }
}

function openPools(settings: MysqlSettings, limits: MysqlLimits): { quick: MysqlPool; patient: MysqlPool } {
  const quick: MysqlPatience = { ...limits, sessionIdleSeconds: SESSION_IDLE_SECONDS }
  const patient: MysqlPatience = { ...limits, statementTimeoutMs: null, sessionIdleSeconds: PATIENT_IDLE_SECONDS }
  return {
    quick: new MysqlPool(connectionOptions(settings, quick), quick, limits),
    patient: new MysqlPool(connectionOptions(settings, patient), patient, {
      ...limits,
      connectionsMax: PATIENT_CONNECTIONS_MAX,
    }),
  }
}

async function askVersion(pool: MysqlPool, settings: MysqlSettings): Promise<string> {
  try {
    const connection = await pool.acquire()
    try {
      const { rows } = await connection.executeQuery<{ version: string }>(
        CompiledQuery.raw('select version() as version'),
      )
      return rows[0]?.version ?? ''
    } finally {
      pool.release(connection)
    }
  } catch (error) {
    throw explainOpenError(error, settings)
  }
}

/** A connection lost before COMMIT was sent, or whose commit certainly did not happen: nothing stands in the way. */
async function onceMoreWhenLost<T>(attempt: () => Promise<T>): Promise<T> {
  try {
    return await attempt()
  } catch (error) {
    if (error instanceof ConnectionLost) return await attempt()
    throw error
  }
}

async function readOneMoment<T>(connection: Db, work: (db: Db) => Promise<T>): Promise<T> {
  await sql`set transaction isolation level repeatable read`.execute(connection)
  await sql`start transaction with consistent snapshot, read only`.execute(connection)
  try {
    return await work(connection)
  } finally {
    // With the connection lost there is nothing to end, and the work's own failure is the one to tell.
    await sql`rollback`.execute(connection).catch(() => undefined)
  }
}

async function prepareCommitMarks(db: Db): Promise<void> {
  await sql.raw(COMMIT_MARKS.create).execute(db)
  await db.executeQuery(CompiledQuery.raw(COMMIT_MARKS.sweep, [systemClock.nowMs() - MARKS_KEPT_MS]))
}
