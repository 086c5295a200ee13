import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { sql } from 'kysely'
import { type Engine, type EngineStore, engines } from '../../../test/support/engines.ts'
import { mysqlSettingsOf } from '../../../test/support/open-store.ts'
import { startTcpProxy, type TcpProxy } from '../../../test/support/tcp-proxy.ts'
import type { Database, Tx } from '../database.ts'
import { StorageUnavailable } from '../errors.ts'
import { type MysqlLimits, openMysql } from './mysql.ts'

const mysql = engines().find((engine) => engine.name === 'mysql')

if (mysql) describe('a connection that breaks', () => outages(mysql))
else {
  test('MYSQL IS LEFT OUT: set TEST_DATABASE_URL to run the outages on it', (t) => {
    t.diagnostic('no connection to MySQL was broken: set TEST_DATABASE_URL')
  })
}

// One schema for all of them: making one takes longer than breaking a connection.
function outages(engine: Engine): void {
  let store: EngineStore
  before(async () => {
    store = await engine.create()
    const database = await openMysql(mysqlSettingsOf(new URL(store.url)))
    await database.migrate()
    await sql`create table facts (n int not null)`.execute(database.db)
    await database.close()
  })
  after(() => store.drop())
  const behindProxy = (t: TestContext, limits: Partial<MysqlLimits> = {}) => openBehindProxy(t, store, limits)

  test('before COMMIT was sent: the work is run again and written once', async (t) => {
    const { database, proxy } = await behindProxy(t)
    let runs = 0
    await database.inTransaction(async (tx) => {
      runs += 1
      await write(tx, runs)
      if (runs === 1) proxy.cut()
      await tx.selectFrom('catalogues').selectAll().execute()
    })
    assert.equal(runs, 2)
    assert.deepEqual(await written(database), [2])
  })

  test('before COMMIT was sent, twice: it is told, and nothing was written', async (t) => {
    const { database, proxy } = await behindProxy(t)
    let runs = 0
    const work = database.inTransaction(async (tx) => {
      runs += 1
      await write(tx, runs)
      proxy.cut()
      await tx.selectFrom('catalogues').selectAll().execute()
    })
    await assert.rejects(work, StorageUnavailable)
    assert.equal(runs, 2)
    assert.deepEqual(await written(database), [])
  })

  test('between COMMIT and its answer: the transaction is found committed, and its work is not run again', async (t) => {
    const { database, proxy } = await behindProxy(t)
    let runs = 0
    const result = await database.inTransaction(async (tx) => {
      await write(tx, ++runs)
      proxy.nextCommit = 'lose_answer'
      return `run ${runs}`
    })
    assert.equal(proxy.nextCommit, 'pass', 'the answer to a COMMIT was lost')
    assert.equal(result, 'run 1')
    assert.deepEqual(await written(database), [1])
  })

  test('as COMMIT leaves: the transaction is found not committed, and its work is run again', async (t) => {
    const { database, proxy } = await behindProxy(t)
    let runs = 0
    await database.inTransaction(async (tx) => {
      await write(tx, ++runs)
      if (runs === 1) proxy.nextCommit = 'lose_request'
    })
    assert.equal(runs, 2)
    assert.deepEqual(await written(database), [2])
  })

  test('while COMMIT is on the road: its outcome is waited for, and then it is found committed', async (t) => {
    const { database, proxy } = await behindProxy(t)
    let runs = 0
    await database.inTransaction(async (tx) => {
      await write(tx, ++runs)
      if (runs === 1) proxy.nextCommit = 'delay_request'
    })
    assert.equal(proxy.nextCommit, 'pass', 'a COMMIT was delayed')
    assert.equal(runs, 1)
    assert.deepEqual(await written(database), [1])
  })

  test('in every one of many commits at once: each is written exactly once', async (t) => {
    const { database, proxy } = await behindProxy(t)
    const fates = ['lose_answer', 'lose_request', 'delay_request'] as const
    const numbers = Array.from({ length: 30 }, (_, n) => n)
    const pay = (n: number) =>
      database.inTransaction(async (tx) => {
        await write(tx, n)
        proxy.nextCommit = fates[n % fates.length] ?? 'pass'
      })
    // A commit that is lost twice is told; the caller then asks again, as a platform does.
    const results = await Promise.allSettled(numbers.map(pay))
    const committed = new Set(await written(database))
    for (const [n, { status }] of results.entries()) assert.equal(committed.has(n), status === 'fulfilled', `${n}`)
    assert.ok(committed.size > 0)
  })

  test('during a commit, with the server gone for good: it is told in time, and later everything works again', async (t) => {
    const { database, proxy } = await behindProxy(t, { doubtTimeoutMs: 300 })
    const work = database.inTransaction(async (tx) => {
      await write(tx, 1)
      proxy.nextCommit = 'lose_answer'
      // Only what is up goes on: the look at what became of it finds a closed door.
      proxy.refuseNew()
    })
    await assert.rejects(work, (error) => error instanceof StorageUnavailable && /commit/.test(error.message))
    await proxy.start()
    assert.deepEqual(await written(database), [1])
    await database.inTransaction((tx) => write(tx, 2))
    assert.deepEqual(await written(database), [1, 2])
  })

  test('a server that is gone is told at once, and one that is back is used without opening anew', async (t) => {
    const { database, proxy } = await behindProxy(t)
    await database.ping()
    await proxy.stop()
    await assert.rejects(database.ping(), StorageUnavailable)
    await assert.rejects(
      database.inTransaction((tx) => write(tx, 1)),
      StorageUnavailable,
    )
    await assert.rejects(written(database), StorageUnavailable)
    await proxy.start()
    await database.ping()
    await database.inTransaction((tx) => write(tx, 2))
    assert.deepEqual(await written(database), [2])
  })

  test('a network that goes silent holds nobody for longer than a statement may take', async (t) => {
    const { database, proxy } = await behindProxy(t, { statementTimeoutMs: 250, connectTimeoutMs: 250 })
    await database.ping()
    proxy.isSilent = true
    await assert.rejects(database.ping(), /did not answer a statement in time/)
    await assert.rejects(database.ping(), /cannot connect/)
    proxy.isSilent = false
    await database.ping()
  })

  test('a session that the server kills is replaced', async (t) => {
    const { database } = await behindProxy(t)
    let runs = 0
    await database.inTransaction(async (tx) => {
      await write(tx, ++runs)
      if (runs > 1) return
      const { rows } = await sql<{ id: number }>`select connection_id() as id`.execute(tx)
      await sql`kill ${sql.lit(rows[0]?.id ?? 0)}`.execute(database.db)
      await tx.selectFrom('catalogues').selectAll().execute()
    })
    assert.equal(runs, 2)
    assert.deepEqual(await written(database), [2])
  })
}

async function openBehindProxy(
  t: TestContext,
  store: EngineStore,
  limits: Partial<MysqlLimits>,
): Promise<{ database: Database; proxy: TcpProxy }> {
  const settings = mysqlSettingsOf(new URL(store.url))
  const proxy = await startTcpProxy(t, { host: settings.host, port: settings.port })
  const database = await openMysql({ ...settings, host: '127.0.0.1', port: proxy.port }, limits)
  t.after(() => database.close())
  await sql`delete from facts`.execute(database.db)
  return { database, proxy }
}

// A table without any key: a second run would be seen as a second row.
async function write(tx: Tx, n: number): Promise<void> {
  await sql`insert into facts (n) values (${n})`.execute(tx)
}

async function written(database: Database): Promise<number[]> {
  const { rows } = await sql<{ n: number }>`select n from facts order by n`.execute(database.db)
  assert.equal(new Set(rows.map((row) => row.n)).size, rows.length, 'each fact stands once')
  return rows.map((row) => row.n)
}
