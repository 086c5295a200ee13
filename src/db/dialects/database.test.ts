import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { describe, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { sql } from 'kysely'
import { type Engine, engines, testMysqlUrl } from '../../../test/support/engines.ts'
import { openStore } from '../../../test/support/open-store.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { bulkUpdate } from '../bulk-update.ts'
import type { Database, Db, Tx } from '../database.ts'
import { SchemaMismatch, UniqueViolation } from '../errors.ts'
import type { DatabaseSettings } from '../open-database.ts'
import type { NewRow } from '../schema.ts'
import './mysql.ts'

const APP = 'com.example.game' as AppId

for (const engine of engines()) describe(`the database contract on ${engine.name}`, () => contract(engine))

if (testMysqlUrl === null) {
  test('MYSQL IS LEFT OUT: set TEST_DATABASE_URL to run the database contract on it', (t) => {
    t.diagnostic('the database contract ran on SQLite alone: set TEST_DATABASE_URL')
  })
}

function contract(engine: Engine): void {
  schemaContract(engine)
  transactionContract(engine)
  valueContract(engine)
}

function schemaContract(engine: Engine): void {
  test('an empty database is brought up to date once, and a second time there is nothing to do', async (t) => {
    const { database } = await openStore(t, engine)
    const pending = await database.pendingMigrations()
    assert.ok(pending.length > 20, `only ${pending.length} steps`)
    assert.deepEqual((await database.migrate()).applied, pending)
    assert.deepEqual((await database.migrate()).applied, [])
    assert.deepEqual(await database.pendingMigrations(), [])
  })

  test('two processes that migrate at once share the work and both end up to date', async (t) => {
    const { database, settings } = await openStore(t, engine)
    const pending = await database.pendingMigrations()
    const [first, second] = await Promise.all([migrateElsewhere(settings), migrateElsewhere(settings)])
    assert.deepEqual([...first, ...second].sort(), [...pending].sort())
    assert.deepEqual(await database.pendingMigrations(), [])
  })

  test('a schema from a newer release is refused', async (t) => {
    const { database } = await migrated(t, engine)
    await database.inTransaction((tx) =>
      sql`insert into schema_migrations (name, timestamp) values ('9999-later.01', '2030-01-01T00:00:00.000Z')`.execute(
        tx,
      ),
    )
    await assert.rejects(database.pendingMigrations(), SchemaMismatch)
    await assert.rejects(database.migrate(), SchemaMismatch)
  })

  test('players are numbered from 10001', async (t) => {
    const { database } = await migrated(t, engine)
    assert.deepEqual([await addPlayer(database), await addPlayer(database)], [10001, 10002])
  })
}

function transactionContract(engine: Engine): void {
  test('a transaction is seen by others when it is committed and not before', async (t) => {
    const { database } = await migrated(t, engine)
    await database.inTransaction(async (tx) => {
      await putIdentity(tx, 'one')
      assert.deepEqual(await subjects(database.db), [])
    })
    assert.deepEqual(await subjects(database.db), ['one'])
  })

  test('a transaction that throws leaves nothing behind and throws the same', async (t) => {
    const { database } = await migrated(t, engine)
    const fault = new Error('on purpose')
    const work = database.inTransaction(async (tx) => {
      await putIdentity(tx, 'one')
      throw fault
    })
    await assert.rejects(work, fault)
    assert.deepEqual(await subjects(database.db), [])
  })

  test('a unique key that another filled first runs the work again, which then sees the row', async (t) => {
    const { database } = await migrated(t, engine)
    await database.inTransaction((tx) => putIdentity(tx, 'one'))
    const seen: number[] = []
    await database.inTransaction(async (tx) => {
      // The first time it believes what was true before the other came, as whoever is overtaken does.
      const known = seen.length === 0 ? [] : await subjects(tx)
      seen.push(known.length)
      if (known.length === 0) await putIdentity(tx, 'one')
    })
    assert.deepEqual(seen, [0, 1])
    assert.deepEqual(await subjects(database.db), ['one'])
  })

  test('a unique key that never yields is told after ten attempts', async (t) => {
    const { database } = await migrated(t, engine)
    await database.inTransaction((tx) => putIdentity(tx, 'one'))
    let attempts = 0
    const work = database.inTransaction((tx) => {
      attempts += 1
      return putIdentity(tx, 'one')
    })
    await assert.rejects(work, UniqueViolation)
    assert.equal(attempts, 10)
  })

  test('a snapshot sees one moment while others write', async (t) => {
    const { database } = await migrated(t, engine)
    await database.inTransaction((tx) => putIdentity(tx, 'before'))
    await database.inSnapshot(async (moment) => {
      const [first] = [await subjects(moment)]
      await database.inTransaction((tx) => putIdentity(tx, 'meanwhile'))
      assert.deepEqual([first, await subjects(moment)], [['before'], ['before']])
    })
    assert.deepEqual(await subjects(database.db), ['before', 'meanwhile'])
  })

  test('a snapshot cannot write', async (t) => {
    const { database } = await migrated(t, engine)
    await assert.rejects(database.inSnapshot((moment) => putIdentity(moment as Tx, 'one')))
    assert.deepEqual(await subjects(database.db), [])
  })
}

function valueContract(engine: Engine): void {
  test('a row is inserted if it is absent and left alone if it is there', async (t) => {
    const { database } = await migrated(t, engine)
    const put = (playerId: number) =>
      database.inTransaction((tx) =>
        tx
          .insertInto('identities')
          .values(identity('one', playerId))
          .onDuplicateKeyUpdate((eb) => ({ subject: eb.ref('subject') }))
          .execute(),
      )
    await put(1)
    await put(2)
    const rows = await database.db.selectFrom('identities').select('user_id').execute()
    assert.deepEqual(rows, [{ user_id: 1 }])
  })

  for (const count of [1, 64]) {
    test(`${count} rows are updated in one statement, each with its own values and nobody else's`, async (t) => {
      const { database } = await migrated(t, engine)
      const ids: PlayerId[] = []
      for (let n = 0; n <= count; n++) ids.push(await addPlayer(database))
      const bystander = ids.pop()
      const columns = ['coins', 'chain_hash', 'first_charge_order_id'] as const
      const rows = ids.map((user_id, n) => ({
        ...{ user_id, coins: n * 1000 - 7, chain_hash: String(n).padStart(64, 'f') },
        first_charge_order_id: n % 2 === 0 ? null : `order ${n}'s`,
      }))
      await database.inTransaction((tx) => bulkUpdate(tx, { table: 'users', key: 'user_id', columns, rows }))
      const stored = await database.db
        .selectFrom('users')
        .select(['user_id', ...columns])
        .orderBy('user_id')
        .execute()
      const untouched = { user_id: bystander, coins: 0, chain_hash: '', first_charge_order_id: null }
      assert.deepEqual(stored, [...rows, untouched])
    })
  }

  test('whole numbers are exact up to 2^53-1, and their sums are numbers', async (t) => {
    const { database } = await migrated(t, engine)
    const id = await addPlayer(database)
    const extremes = { coins: Number.MAX_SAFE_INTEGER, tokens: -Number.MAX_SAFE_INTEGER, inbox_coins: 2 ** 31 }
    await database.inTransaction((tx) => tx.updateTable('users').set(extremes).where('user_id', '=', id).execute())
    const found = await database.db
      .selectFrom('users')
      .select((eb) => ['coins', 'tokens', 'inbox_coins', eb.fn.countAll().as('players'), eb.fn.sum('coins').as('sum')])
      .where('coins', '=', Number.MAX_SAFE_INTEGER)
      .groupBy(['coins', 'tokens', 'inbox_coins'])
      .execute()
    assert.deepEqual(found, [{ ...extremes, players: 1, sum: Number.MAX_SAFE_INTEGER }])
  })

  test('texts compare by their bytes: case, accents, trailing blanks and emoji all count', async (t) => {
    const { database } = await migrated(t, engine)
    const different = ['a', 'A', 'a ', 'á', 'a\u0301', '', ' ', '💎', '💰', 'o\'\\brien\n\0"%_', 'ß', 'ss']
    await database.inTransaction(async (tx) => {
      for (const subject of different) await putIdentity(tx, subject)
    })
    for (const subject of different) {
      const query = database.db.selectFrom('identities').select('subject').where('subject', '=', subject)
      assert.deepEqual(await query.execute(), [{ subject }])
    }
    const byBytes = different.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    assert.deepEqual(await subjects(database.db), byBytes)
  })

  test('bytes come back as they went in', async (t) => {
    const { database } = await migrated(t, engine)
    const body = Uint8Array.from({ length: 70_000 }, (_, n) => n % 256)
    const event_id = 'evt_1' as NewRow<'payment_event_bodies'>['event_id']
    await database.inTransaction((tx) => tx.insertInto('payment_event_bodies').values({ event_id, body }).execute())
    const row = await database.db.selectFrom('payment_event_bodies').select('body').executeTakeFirstOrThrow()
    assert.ok(Buffer.from(body).equals(Buffer.from(row.body)))
  })

  test('what does not fit is refused and never cut', async (t) => {
    const { database } = await migrated(t, engine)
    const wrongs = [{ coins: 1.5 }, { coins: 'many' }, { user_name: null }]
    // SQLite keeps a text of any length; everywhere else a longer one must not be shortened in silence.
    const tooLong = engine.name === 'sqlite' ? [] : [{ user_name: 'x'.repeat(256) }]
    const id = await addPlayer(database)
    for (const wrong of [...wrongs.slice(engine.name === 'sqlite' ? 0 : 1), ...tooLong]) {
      const work = database.inTransaction((tx) =>
        tx
          .updateTable('users')
          .set(wrong as object)
          .where('user_id', '=', id)
          .execute(),
      )
      await assert.rejects(work, `${Object.keys(wrong)}`)
    }
  })

  test('a posting of nothing, or from an account to itself, is refused by the database itself', async (t) => {
    const { database } = await migrated(t, engine)
    const good = {
      ...{ user_id: 1 as PlayerId, ledger_seq: 1, posting_no: 1, currency: 'coins' as const, amount: 1 },
      ...{ from_account: 'sales', to_account: 'player:1' },
    }
    for (const bad of [{ amount: 0 }, { amount: -1 }, { to_account: 'sales' }]) {
      const work = database.inTransaction((tx) =>
        tx
          .insertInto('postings')
          .values({ ...good, ...bad })
          .execute(),
      )
      await assert.rejects(work)
    }
    await database.inTransaction((tx) => tx.insertInto('postings').values(good).execute())
  })
}

/** What another process applied. */
async function migrateElsewhere(settings: DatabaseSettings): Promise<string[]> {
  const program = `
    import { openDatabase } from ${JSON.stringify(import.meta.resolve('../open-database.ts'))}
    const database = await openDatabase(${JSON.stringify(settings)})
    process.stdout.write(JSON.stringify((await database.migrate()).applied))
    await database.close()`
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program])
  return JSON.parse(stdout)
}

async function migrated(t: TestContext, engine: Engine) {
  const store = await openStore(t, engine)
  await store.database.migrate()
  return store
}

function identity(subject: string, playerId = 1): NewRow<'identities'> {
  return { app_id: APP, provider: 'guest', subject, user_id: playerId as PlayerId, created_at_ms: 0 }
}

function putIdentity(tx: Tx, subject: string): Promise<unknown> {
  return tx.insertInto('identities').values(identity(subject)).execute()
}

async function subjects(db: Db): Promise<string[]> {
  const rows = await db.selectFrom('identities').select('subject').orderBy('subject').execute()
  return rows.map((row) => row.subject)
}

async function addPlayer(database: Database): Promise<PlayerId> {
  const nothing = { level_hundredths: 0, vip_level: 0, coins: 0, tokens: 0, inbox_coins: 0, inbox_tokens: 0 }
  const row: NewRow<'users'> = {
    ...{ app_id: APP, status: 'active', user_name: '', avatar_url: '', chain_hash: '', created_at_ms: 0 },
    ...{ ...nothing, first_charge_order_id: null, ledger_seq: 0, event_seq: 0 },
  }
  const { insertId } = await database.inTransaction((tx) =>
    tx.insertInto('users').values(row).executeTakeFirstOrThrow(),
  )
  return Number(insertId) as PlayerId
}
