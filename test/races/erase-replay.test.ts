import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'
import { assertDone } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { privacyOf } from '../support/privacy.ts'
import { engines, payment, startApp, type TestApp } from '../support/test-app.ts'

const mysql = engines().find((engine) => engine.name === 'mysql')
// The server takes a new picture of its locks only where nobody has looked for a tenth of a second.
const LOOK_EVERY_MS = 150

if (mysql) {
  test('a replay that read its payer before the erasure, and writes its message after it, keeps nothing either', async (t) => {
    const app = await startApp({ engine: mysql })
    let release = async (): Promise<void> => {}
    // Let go first: a schema whose rows are held cannot be dropped.
    t.after(() => release().finally(() => app.close()))
    const { uid } = await app.logIn('erase-replay')
    const token = await app.serverToken()
    const body = payment({ order_id: 'erase-replay', uid, transaction_id: 'erase-replay', email: 'anna@example.com' })
    const pay = () => app.call('POST', '/api/v1/payment/success', { token, body })
    assertDone(await pay())

    // The replay holds its payment, has seen a player who is active, and waits for its order.
    const holder = await holdOrder(app, 'erase-replay')
    release = () => holder.end()
    const replay = pay()
    await until(async () => (await waiting(holder)) === 1)
    let isErased = false
    const erasure = privacyOf(app)
      .erase(uid)
      .then(() => {
        isErased = true
      })
    await until(async () => isErased || (await waiting(holder)) === 2)
    assert.equal((await playerRow(app, uid)).status, 'erased')
    await holder.rollback()
    assert.equal(assertDone(await replay).replayed, true)
    await erasure

    const { db } = app.service.database
    const bodies = await db.selectFrom('payment_event_bodies').selectAll().execute()
    assert.deepEqual(
      bodies.map((kept) => kept.body.byteLength),
      [0, 0],
    )
    await assertBooks(app)
  })
} else {
  test('MYSQL IS LEFT OUT: set TEST_DATABASE_URL to hold a row there; SQLite locks no rows', (t) => {
    t.diagnostic('no row was held on MySQL: set TEST_DATABASE_URL')
  })
}

async function holdOrder(app: TestApp, orderId: string): Promise<Connection> {
  const connection = await createConnection({ uri: app.variables['DATABASE_URL'] ?? '' })
  await connection.beginTransaction()
  await connection.query('select order_id from orders where order_id = ? for update', [orderId])
  return connection
}

/** How many transactions of this schema wait for a lock. */
async function waiting(connection: Connection): Promise<number> {
  const [rows] = await connection.query<RowDataPacket[]>(
    `select count(*) as waiting from information_schema.innodb_trx t
      join information_schema.processlist p on p.id = t.trx_mysql_thread_id
      where p.db = database() and t.trx_state = 'LOCK WAIT'`,
  )
  return Number(rows[0]?.['waiting'])
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await delay(LOOK_EVERY_MS)
}
