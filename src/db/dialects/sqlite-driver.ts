import BetterSqlite, { type Database as SqliteFile, type Statement } from 'better-sqlite3'
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
} from 'kysely'
import { StorageUnavailable, TransactionConflict, UniqueViolation } from '../errors.ts'
import type { Schema } from '../schema.ts'
import { PortableSqliteCompiler } from './sqlite-compiler.ts'

/** Wraps an open file as a Kysely instance. A writer serves one transaction at a time; a reader needs no queue. */
export function kyselyOn(file: SqliteFile): Kysely<Schema> {
  const dialect: Dialect = {
    createAdapter: () => new LockingSqliteAdapter(),
    createDriver: () => new OneConnectionDriver(new CachedConnection(file)),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new PortableSqliteCompiler(),
  }
  return new Kysely<Schema>({ dialect })
}

/** Turns what the driver throws into our own three kinds of failure; anything else is a bug and stays as it is. */
export function translateSqliteError(error: unknown): unknown {
  if (!(error instanceof BetterSqlite.SqliteError)) return error
  const { code } = error
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') {
    return new UniqueViolation(error.message, { cause: error })
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new TransactionConflict(error.message, { cause: error })
  }
  const lost = /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|CORRUPT|NOTADB|NOMEM|PROTOCOL)/
  if (lost.test(code)) return new StorageUnavailable(`SQLite: ${error.message} (${code})`, { cause: error })
  return error
}

// Preparing costs more than running most of our statements. The set of texts is small, but batches make one per size:
// those come and go, while what every payment runs stays.
const STATEMENTS_MAX = 200

class CachedConnection implements DatabaseConnection {
  readonly #file: SqliteFile
  /** In the order of their last use: the first one is dropped for a new one. */
  readonly #statements = new Map<string, Statement>()

  constructor(file: SqliteFile) {
    this.#file = file
  }

  get isInTransaction(): boolean {
    return this.#file.inTransaction
  }

  async executeQuery<R>({ sql, parameters }: CompiledQuery): Promise<QueryResult<R>> {
    try {
      const statement = this.#prepare(sql)
      if (statement.reader) return { rows: statement.all(parameters) as R[] }
      const { changes, lastInsertRowid } = statement.run(parameters)
      return { rows: [], insertId: BigInt(lastInsertRowid), numAffectedRows: BigInt(changes) }
    } catch (error) {
      throw translateSqliteError(error)
    }
  }

  // biome-ignore lint/correctness/useYield: Kysely's interface asks for a generator; nothing of ours streams.
  async *streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('streaming is not supported: read by key, page by page')
  }

  #prepare(sql: string): Statement {
    const known = this.#statements.get(sql)
    if (known) this.#statements.delete(sql)
    else if (this.#statements.size >= STATEMENTS_MAX) {
      const oldest = this.#statements.keys().next().value
      if (oldest !== undefined) this.#statements.delete(oldest)
    }
    const statement = known ?? this.#file.prepare(sql)
    this.#statements.set(sql, statement)
    return statement
  }
}

/**
 * Kysely takes no lock for a migration on SQLite. Two processes that start at once would then run the same step twice;
 * with the write lock the second waits and finds everything done. A step that fails leaves those before it, each with
 * its line in the log.
 */
class LockingSqliteAdapter extends SqliteAdapter {
  // biome-ignore lint/suspicious/noExplicitAny: the type is Kysely's.
  override async acquireMigrationLock(db: Kysely<any>): Promise<void> {
    await db.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  // biome-ignore lint/suspicious/noExplicitAny: the type is Kysely's.
  override async releaseMigrationLock(db: Kysely<any>): Promise<void> {
    await db.executeQuery(CompiledQuery.raw('commit'))
  }
}

/** One connection, lent to one borrower at a time, in the order of asking. */
class OneConnectionDriver implements Driver {
  readonly #connection: CachedConnection
  #lastInLine: Promise<void> = Promise.resolve()
  #release: () => void = () => undefined

  constructor(connection: CachedConnection) {
    this.#connection = connection
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    const before = this.#lastInLine
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#lastInLine = promise
    await before
    this.#release = resolve
    return this.#connection
  }

  async releaseConnection(): Promise<void> {
    this.#release()
  }

  // IMMEDIATE takes the write lock at once: two processes then queue at the door instead of failing half-way.
  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'))
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    // A full disk has rolled back already; rolling back again would hide why under an error of its own.
    if (this.#connection.isInTransaction) await connection.executeQuery(CompiledQuery.raw('rollback'))
  }

  async destroy(): Promise<void> {}
}
