import { randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Kysely, Transaction } from 'kysely'
import { stopwatch } from '../kernel/clock.ts'
import { TransactionConflict, UniqueViolation } from './errors.ts'
import type { Schema } from './schema.ts'

/** May read. Sees what is committed. */
export type Db = Kysely<Schema>
/** May write. A Db is not assignable to it, so forgetting the transaction does not compile. */
export type Tx = Transaction<Schema>

/** An open database: the same on every engine. */
export interface Database {
  /** For reads outside a transaction. */
  readonly db: Db
  readonly engine: 'sqlite' | 'mysql' | 'mariadb'
  /**
   * Runs the work in one transaction and commits it. Deadlocks, lock waits and unique keys that somebody else filled
   * first are retried whole, so the work must do nothing but talk to `tx`.
   * @throws StorageUnavailable when the database is out of reach or cannot write.
   * @throws TransactionConflict when others held what it needed for longer than `retryForMs`; nothing was written.
   */
  inTransaction<T>(work: (tx: Tx) => Promise<T>, patience?: Patience): Promise<T>
  /** Runs reads that all see one moment; for the audit. */
  inSnapshot<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** Brings the schema to this release's version, or says that it is there already. */
  migrate(): Promise<{ applied: string[] }>
  /** The names of migrations that are not applied yet. @throws SchemaMismatch when the schema is from a newer release. */
  pendingMigrations(): Promise<string[]>
  /** The names of migrations that are applied, in order; also those that this release does not know. */
  appliedMigrations(): Promise<string[]>
  /** What the engine says of itself, for the operator. */
  describe(): Promise<EngineReport>
  /** Answers when the database answers. @throws StorageUnavailable */
  ping(): Promise<void>
  close(): Promise<void>
}

/** Whether what the engine has committed outlives a power cut. */
export interface EngineReport {
  readonly version: string
  /** Settings under which an answered payment can be lost, each with its remedy. Empty: none. */
  readonly faults: readonly { readonly fault: string; readonly remedy: string }[]
  /** What the operator should know and may decide otherwise. */
  readonly notes: readonly string[]
  /** The time on the server's own clock; null where there is no server. */
  readonly clockMs: number | null
}

/** How long a transaction that meets others is tried again. */
export interface Patience {
  readonly retryForMs: number
}

// Two payments can collide at most once per competing transaction; ten attempts outlast any honest race of a batch.
const ATTEMPTS_MAX = 10
const BACKOFF_STEP_MS = 4
// Row locks that never come free cost seconds an attempt; a caller has hung up long before ten of those.
const RETRY_FOR_MS = 6_000

/** The bounded retry that every engine's `inTransaction` uses. */
export async function retryTransaction<T>(
  attempt: () => Promise<T>,
  { retryForMs }: Patience = { retryForMs: RETRY_FOR_MS },
): Promise<T> {
  const elapsedMs = stopwatch()
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt()
    } catch (error) {
      const retryable = error instanceof TransactionConflict || error instanceof UniqueViolation
      if (!retryable || attempts === ATTEMPTS_MAX || elapsedMs() > retryForMs) throw error
      await delay(randomInt(BACKOFF_STEP_MS * attempts) + 1)
    }
  }
}
