import { createHash } from 'node:crypto'
import {
  type DatabaseConnection,
  type Dialect,
  type Driver,
  Kysely,
  MysqlAdapter,
  MysqlIntrospector,
  sql,
} from 'kysely'
import { StorageUnavailable } from '../errors.ts'
import type { Schema } from '../schema.ts'
import { PortableMysqlCompiler } from './mysql-compiler.ts'
import type { MysqlConnection } from './mysql-connection.ts'
import type { MysqlPool } from './mysql-pool.ts'

/** Wraps a pool as a Kysely instance. */
export function kyselyOnPool(pool: MysqlPool, about: { database: string; collation: string }): Kysely<Schema> {
  const dialect: Dialect = {
    createAdapter: () => new SchemaLockAdapter(about.database),
    createDriver: () => new PoolDriver(pool),
    createIntrospector: (db) => new MysqlIntrospector(db),
    createQueryCompiler: () => new PortableMysqlCompiler(about),
  }
  return new Kysely<Schema>({ dialect })
}

/** Kysely hands back what it was lent; every one of them is ours. */
class PoolDriver implements Driver {
  readonly #pool: MysqlPool

  constructor(pool: MysqlPool) {
    this.#pool = pool
  }

  async init(): Promise<void> {}

  acquireConnection(): Promise<DatabaseConnection> {
    return this.#pool.acquire()
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    this.#pool.release(connection as MysqlConnection)
  }

  beginTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as MysqlConnection).begin()
  }

  commitTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as MysqlConnection).commit()
  }

  rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    return (connection as MysqlConnection).rollback()
  }

  async destroy(): Promise<void> {
    this.#pool.close()
  }
}

const MIGRATION_WAIT_SECONDS = 60

/** Kysely's own lock has one name for the whole server and goes on without it after an hour. Ours is the schema's. */
class SchemaLockAdapter extends MysqlAdapter {
  readonly #lock: string

  constructor(database: string) {
    super()
    // A lock's name has at most 64 characters.
    this.#lock = `payment-api:${createHash('sha256').update(database).digest('hex').slice(0, 32)}`
  }

  // biome-ignore lint/suspicious/noExplicitAny: the type is Kysely's.
  override async acquireMigrationLock(db: Kysely<any>): Promise<void> {
    const query = sql<{ taken: number | null }>`select get_lock(${this.#lock}, ${MIGRATION_WAIT_SECONDS}) as taken`
    const { rows } = await query.execute(db)
    if (rows[0]?.taken === 1) return
    throw new StorageUnavailable('another process has been migrating this database for a minute: wait until it is done')
  }

  // biome-ignore lint/suspicious/noExplicitAny: the type is Kysely's.
  override async releaseMigrationLock(db: Kysely<any>): Promise<void> {
    await sql`select release_lock(${this.#lock})`.execute(db)
  }
}
