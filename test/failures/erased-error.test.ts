import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertRefused } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { privacyOf } from '../support/privacy.ts'
import { payment, startApp } from '../support/test-app.ts'

test('a payment for an erased player that cannot be settled is kept by its hash alone', async (t) => {
  const app = await startApp()
  t.after(() => app.close())
  const { database } = app.service
  const { uid } = await app.logIn('erased-error')
  const { uid: other } = await app.logIn('erased-error-not')
  await privacyOf(app).erase(uid)
  // Neither money that waits for a person nor an order can be written.
  for (const table of ['review_entries', 'orders']) {
    await database.inTransaction((tx) =>
      sql`create trigger ${sql.raw(`poison_${table}`)} before insert on ${sql.table(table)}
        begin select raise(abort, 'this cannot be written'); end`.execute(tx),
    )
  }
  const token = await app.serverToken()
  for (const payer of [uid, other]) {
    const body = payment({ order_id: `erased-error-${payer}`, uid: payer, email: 'anna@example.com' })
    assertRefused(await app.call('POST', '/api/v1/payment/success', { token, body }), 503, 'settlement_failed')
  }
  const kept = await database.db
    .selectFrom('payment_events')
    .innerJoin('payment_event_bodies', 'payment_event_bodies.event_id', 'payment_events.event_id')
    .selectAll()
    .execute()
  assert.deepEqual(
    kept.map(({ verdict }) => verdict),
    ['error', 'error'],
  )
  const named = kept
    .filter(({ body }) => body.byteLength > 0)
    .map(({ body }) => JSON.parse(Buffer.from(body).toString()).uid)
  assert.deepEqual(named, [other])
  await assertBooks(app)
})
