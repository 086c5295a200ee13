import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { sql } from 'kysely'
import { type Engine, type EngineStore, engines } from '../../../test/support/engines.ts'
import { mysqlSettingsOf } from '../../../test/support/open-store.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { Database, Tx } from '../database.ts'
import { StorageUnavailable } from '../errors.ts'
import { type MysqlLimits, openMysql } from './mysql.ts'

const mysql = engines().find((engine) => engine.name === 'mysql')

if (mysql) describe('what only an engine with many writers does', () => manyWriters(mysql))
else {
  test('MYSQL IS LEFT OUT: set TEST_DATABASE_URL to run locks, pool and migrations on it', (t) => {
    t.diagnostic('locks, pool and migrations of MySQL were not run: set TEST_DATABASE_URL')
  })
}

function manyWriters(engine: Engine): void {
  let store: EngineStore
  before(async () => {
    store = await engine.create()
    const database = await openMysql(mysqlSettingsOf(new URL(store.url)))
    await database.migrate()
    await database.close()
  })
  after(() => store.drop())

  const open = async (t: TestContext, limits: Partial<MysqlLimits> = {}): Promise<Database> => {
    const database = await openMysql(mysqlSettingsOf(new URL(store.url)), limits)
    t.after(() => database.close())
    await sql`delete from catalogues`.execute(database.db)
    await sql`insert into catalogues (app_id, version) values ('a', 0), ('b', 0)`.execute(database.db)
    return database
  }

  test('a locked row makes the next one who wants it wait until the first commits', async (t) => {
    const database = await open(t)
    const locked = Promise.withResolvers<void>()
    const mayEnd = Promise.withResolvers<void>()
    const order: string[] = []
    const first = database.inTransaction(async (tx) => {
      await lock(tx, 'a')
      locked.resolve()
      await mayEnd.promise
      await raise(tx, 'a')
      order.push('first ends')
    })
    await locked.promise
    const second = database.inTransaction(async (tx) => {
      const version = await lock(tx, 'a')
      order.push(`second sees ${version}`)
    })
    await untilSomebodyWaits(database).finally(() => mayEnd.resolve())
    await Promise.all([first, second])
    assert.deepEqual(order, ['first ends', 'second sees 1'])
  })

  test('a deadlock is broken by the server and the loser is run again', async (t) => {
    const database = await open(t)
    let runs = 0
    const met = Promise.withResolvers<void>()
    const cross = (one: string, other: string) =>
      database.inTransaction(async (tx) => {
        runs += 1
        await raise(tx, one)
        // Only the first two hold each a row that the other wants.
        if (runs === 2) met.resolve()
        await met.promise
        await raise(tx, other)
      })
    await Promise.all([cross('a', 'b'), cross('b', 'a')])
    assert.equal(runs, 3)
    assert.deepEqual(await versions(database), [2, 2])
  })

  test('a pool that is used up tells so in time, and recovers', async (t) => {
    const database = await open(t, { connectionsMax: 2, acquireTimeoutMs: 150 })
    const mayEnd = Promise.withResolvers<void>()
    const held = [1, 2].map(() => database.inTransaction(() => mayEnd.promise))
    const late = database.ping()
    await assert.rejects(late, (error) => error instanceof StorageUnavailable && /busy/.test(error.message))
    mayEnd.resolve()
    await Promise.all(held)
    await database.ping()
  })

  test('who waits for a connection is served in the order of asking', async (t) => {
    const database = await open(t, { connectionsMax: 1 })
    const mayEnd = Promise.withResolvers<void>()
    const held = database.inTransaction(() => mayEnd.promise)
    const served: number[] = []
    const waiting = [1, 2, 3].map((n) => database.ping().then(() => served.push(n)))
    mayEnd.resolve()
    await Promise.all([held, ...waiting])
    assert.deepEqual(served, [1, 2, 3])
  })

  test('a database that was opened and closed keeps no session', async (t) => {
    const watcher = await open(t, { connectionsMax: 1 })
    const database = await openMysql(mysqlSettingsOf(new URL(store.url)))
    await database.close()
    // The server notices a goodbye a moment after it was said.
    for (let tries = 0; (await sessions(watcher)) > 1; tries++) {
      assert.ok(tries < 100, 'a session stayed open')
      await delay(20)
    }
  })

  test('a transaction reads what others committed meanwhile', async (t) => {
    const database = await open(t)
    await database.inTransaction(async (tx) => {
      assert.deepEqual(await versions({ db: tx }), [0, 0])
      await database.inTransaction((other) => raise(other, 'a'))
      assert.deepEqual(await versions({ db: tx }), [1, 0])
    })
  })

  test('a process that died between a schema change and the log of it does not wedge the next one', async (t) => {
    const database = await open(t)
    const all = await sql<{ name: string }>`select name from schema_migrations order by name`.execute(database.db)
    const names = all.rows.map((row) => row.name)
    // Each step in turn was the last that was done and not logged; the ones after it are there as well here.
    for (const name of names.toReversed()) {
      await sql`delete from schema_migrations where name = ${name}`.execute(database.db)
    }
    assert.deepEqual((await database.migrate()).applied, names)
  })

  test('every table of ours is InnoDB in four-byte characters that compare by their bytes', async (t) => {
    const database = await open(t)
    const { rows } = await sql<{ engine: string; collation: string }>`
      select distinct engine as engine, table_collation as collation from information_schema.tables
      where table_schema = database() and table_name not in ('commit_marks')`.execute(database.db)
    const collation = database.engine === 'mariadb' ? 'utf8mb4_nopad_bin' : 'utf8mb4_0900_bin'
    assert.deepEqual(rows, [{ engine: 'InnoDB', collation }])
  })

  test('a statement that fails keeps its values out of the error', async (t) => {
    const database = await open(t)
    const work = database.inTransaction((tx) => sql`select ${'a secret'} from nowhere`.execute(tx))
    await assert.rejects(work, (error) => {
      const shown = JSON.stringify([error, Object.values(error as object), String(error), (error as Error).stack])
      return !shown.includes('a secret')
    })
  })

  test('a place marks its commits in one row, and reading leaves none', async (t) => {
    const database = await open(t, { connectionsMax: 1 })
    await sql`delete from commit_marks`.execute(database.db)
    await database.inTransaction((tx) => lock(tx, 'a'))
    assert.deepEqual(await marks(database), [])
    for (const _ of [1, 2, 3]) await database.inTransaction((tx) => raise(tx, 'a'))
    assert.deepEqual(await marks(database), [3])
  })
}

async function sessions(database: Database): Promise<number> {
  const { rows } = await sql<{ sessions: number }>`
    select count(*) as sessions from information_schema.processlist where db = database()`.execute(database.db)
  return rows[0]?.sessions ?? 0
}

async function marks(database: Database): Promise<number[]> {
  const { rows } = await sql<{ mark: number }>`select mark from commit_marks`.execute(database.db)
  return rows.map((row) => row.mark)
}

async function lock(tx: Tx, app: string): Promise<number> {
  const query = tx
    .selectFrom('catalogues')
    .select('version')
    .where('app_id', '=', app as AppId)
  return (await query.forUpdate().executeTakeFirstOrThrow()).version
}

async function raise(tx: Tx, app: string): Promise<void> {
  await tx
    .updateTable('catalogues')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('app_id', '=', app as AppId)
    .execute()
}

async function versions({ db }: Pick<Database, 'db'>): Promise<number[]> {
  const rows = await db.selectFrom('catalogues').select('version').orderBy('app_id').execute()
  return rows.map((row) => row.version)
}

async function untilSomebodyWaits(database: Database): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    // The server renews what it tells of locks only for who has not asked for a tenth of a second.
    await delay(150)
    const { rows } = await sql<{ waits: number }>`
      select count(*) as waits from information_schema.innodb_trx
      where trx_state = 'LOCK WAIT' and trx_query like '%catalogues%'`.execute(database.db)
    if (rows[0]?.waits === 1) return
  }
  throw new Error('nobody ever waited for the lock')
}
