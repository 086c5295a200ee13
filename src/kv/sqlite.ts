import { chmodSync, closeSync, openSync } from 'node:fs'
import Database from 'better-sqlite3'
import type { Clock } from '../kernel/clock.ts'
import { InvariantError } from '../kernel/invariant.ts'
import { type KeyValueStore, KeyValueUnavailable, type MomentBounds, type MomentMove } from './kv.ts'
import { assertKey, assertMoments, assertStep, assertTtl, assertValue, momentKeys } from './limits.ts'
import { KeyValueOpenError } from './open-error.ts'
import { FIELDS_SCHEMA, sqliteMaps } from './sqlite-maps.ts'

/** Another process writes for microseconds. The wait blocks our event loop, so it is bounded by what a player bears. */
const BUSY_TIMEOUT_MS = 1_000

/** About a millisecond of work, so that a sweep never holds up a request. */
const SWEEP_ROWS_MAX = 500
const SWEEP_INTERVAL_MS = 30_000
/** After a full batch there is more to sweep: 5,000 rows a second is far above what sessions expire. */
const SWEEP_AGAIN_MS = 100

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS kv (
    key TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL,
    expires_at_ms INTEGER
  ) STRICT;
  CREATE INDEX IF NOT EXISTS kv_expires_at_ms ON kv (expires_at_ms) WHERE expires_at_ms IS NOT NULL;
`

/** A row counts until its end and not a millisecond longer; it may lie there dead until the sweep. */
const ALIVE = '(kv.expires_at_ms IS NULL OR kv.expires_at_ms > @nowMs)'

/**
 * The stand-in where no Redis is installed: a SQLite file of its own, safe for several processes at once, since every
 * operation is one statement or one transaction. What the operating system had not written yet is lost with a power cut, and only then.
 */
export async function openSqliteStore(settings: { file: string; clock: Clock }): Promise<KeyValueStore> {
  const { file, clock } = settings
  try {
    const database = openDatabase(file)
    return sqliteStore(database, clock)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new KeyValueOpenError(
      `The key-value file ${file} can't be used (${reason}): its folder must exist and be writable; a broken file may be deleted, which logs everybody out`,
      { cause: error },
    )
  }
}

function openDatabase(file: string): Database.Database {
  if (file !== ':memory:') keepPrivate(file)
  const database = new Database(file, { timeout: BUSY_TIMEOUT_MS })
  try {
    database.pragma('journal_mode = WAL')
    database.pragma('synchronous = NORMAL')
    database.transaction(() => database.exec(SCHEMA + FIELDS_SCHEMA)).immediate()
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Sessions are secrets: only our user may read them. SQLite gives the files beside it the same mode. */
function keepPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    // By name: closing a descriptor of an existing file would drop this process's SQLite locks on it.
    chmodSync(file, 0o600)
  }
}

function prepareStatements(database: Database.Database) {
  const upsert = `INSERT INTO kv (key, value, expires_at_ms) VALUES (@key, @value, @expiresAtMs)
    ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at_ms = excluded.expires_at_ms`
  return {
    get: database.prepare(`SELECT value FROM kv WHERE key = @key AND ${ALIVE}`).pluck(),
    set: database.prepare(upsert),
    setIfAbsent: database.prepare(`${upsert} WHERE NOT ${ALIVE}`),
    compareAndSet: database.prepare(
      `UPDATE kv SET value = @value, expires_at_ms = @expiresAtMs WHERE key = @key AND value = @expected AND ${ALIVE}`,
    ),
    delete: database.prepare(`DELETE FROM kv WHERE key = @key AND ${ALIVE}`),
    // No row comes back when the value is no counter, and nothing changed.
    increment: database
      .prepare(
        `INSERT INTO kv (key, value, expires_at_ms) VALUES (@key, @value, @expiresAtMs)
          ON CONFLICT (key) DO UPDATE SET
            value = CASE WHEN ${ALIVE} THEN CAST(CAST(kv.value AS INTEGER) + CAST(@value AS INTEGER) AS TEXT) ELSE @value END,
            expires_at_ms = CASE WHEN ${ALIVE} THEN kv.expires_at_ms ELSE excluded.expires_at_ms END
          WHERE NOT ${ALIVE} OR CAST(CAST(kv.value AS INTEGER) AS TEXT) = kv.value
          RETURNING CAST(value AS INTEGER)`,
      )
      .pluck(),
    ping: database.prepare('SELECT 1').pluck(),
    sweep: database.prepare(
      'DELETE FROM kv WHERE rowid IN (SELECT rowid FROM kv WHERE expires_at_ms <= @nowMs LIMIT @rowsMax)',
    ),
  }
}

function sqliteStore(database: Database.Database, clock: Clock): KeyValueStore {
  const statements = prepareStatements(database)
  const maps = sqliteMaps(database, { clock, done })
  const stopSweeping = startSweeping(() => {
    const swept = statements.sweep.run({ nowMs: clock.nowMs(), rowsMax: SWEEP_ROWS_MAX }).changes
    return swept + maps.sweep({ rowsMax: SWEEP_ROWS_MAX - swept })
  })
  const row = (key: string, value: string, ttlMs: number | null) => {
    assertKey(key)
    assertValue(value)
    assertTtl(ttlMs)
    const nowMs = clock.nowMs()
    return { key, value, nowMs, expiresAtMs: ttlMs === null ? null : nowMs + ttlMs }
  }
  const lookUp = (key: string) => {
    assertKey(key)
    return { key, nowMs: clock.nowMs() }
  }
  const moveMoment = (key: string, { byMs, nowMs, aheadMaxMs }: MomentMove & MomentBounds): number => {
    const stands = Number(statements.get.get(lookUp(key)) ?? nowMs)
    const ahead = Math.min(Math.max(Math.max(stands, nowMs) + byMs - nowMs, 0), aheadMaxMs)
    const ends = Math.max(1, Math.ceil(ahead))
    if (ahead > 0) statements.set.run(row(key, (nowMs + ahead).toFixed(3), ends))
    else statements.delete.run(lookUp(key))
    return ahead
  }
  const moveAll = database.transaction((group: string, moves: readonly MomentMove[], bounds: MomentBounds) => {
    const keys = momentKeys(group, moves)
    return moves.map((move, n) => moveMoment(keys[n] ?? '', { ...move, ...bounds }))
  })
  return {
    ...maps.store,
    async get(key) {
      const value = done(() => statements.get.get(lookUp(key)))
      return typeof value === 'string' ? value : null
    },
    async set(key, value, { ttlMs }) {
      done(() => statements.set.run(row(key, value, ttlMs)))
    },
    async setIfAbsent(key, value, { ttlMs }) {
      return done(() => statements.setIfAbsent.run(row(key, value, ttlMs))).changes === 1
    },
    async compareAndSet(key, { expected, next, ttlMs }) {
      return done(() => statements.compareAndSet.run({ ...row(key, next, ttlMs), expected })).changes === 1
    },
    async delete(key) {
      return done(() => statements.delete.run(lookUp(key))).changes === 1
    },
    async increment(key, { ttlMs, by = 1 }) {
      assertStep(by)
      const count = done(() => statements.increment.get(row(key, String(by), ttlMs)))
      if (typeof count !== 'number') throw new InvariantError('increment() on a key that holds no counter')
      return count
    },
    async moveMoments(group, moves, bounds) {
      assertMoments(moves, bounds)
      return done(() => moveAll.immediate(group, moves, bounds))
    },
    async ping() {
      done(() => statements.ping.get())
    },
    async close() {
      stopSweeping()
      database.close()
    },
  }
}

/** Runs one operation. A full disk, a lock that stays or a closed file is an outage, not a bug of the caller. */
function done<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof InvariantError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new KeyValueUnavailable(`the key-value file is unavailable: ${reason}`, { cause: error })
  }
}

/** Removes dead rows now and then, a batch at a time, and never keeps the process alive for it. */
function startSweeping(sweepBatch: () => number): () => void {
  let timer = setTimeout(sweep, SWEEP_INTERVAL_MS).unref()
  function sweep(): void {
    let swept = 0
    try {
      swept = sweepBatch()
    } catch {
      // Locked or full: the rows are dead for readers anyway, and the next round tries again.
    }
    timer = setTimeout(sweep, swept < SWEEP_ROWS_MAX ? SWEEP_INTERVAL_MS : SWEEP_AGAIN_MS).unref()
  }
  return () => clearTimeout(timer)
}
