import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, stateOf } from '../support/books.ts'
import { startApp } from '../support/test-app.ts'

const POISONED = 'order-poisoned'

test('a failure that cannot be recorded is kept and asked for again, and its retry records it', async (t) => {
  const app = await startApp()
  t.after(() => app.close())
  const { database } = app.service
  const { uid } = await app.logIn('declined')
  const token = await app.serverToken()
  const fail = (orderId: string) =>
    app.call('POST', '/api/v1/payment/failure', {
      token,
      body: { order_id: orderId, uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' },
    })
  const events = () =>
    database.db
      .selectFrom('payment_events')
      .select(['kind', 'verdict', 'order_id', 'payment_id', 'request_id'])
      .orderBy('received_at_ms')
      .orderBy('verdict')
      .execute()
  await database.inTransaction((tx) =>
    sql`create trigger poison before insert on outbox_events when new.order_id = ${sql.lit(POISONED)}
      begin select raise(abort, 'this one event cannot be written'); end`.execute(tx),
  )
  const before = await stateOf(app)

  const refused = await fail(POISONED)
  assertRefused(refused, 503, 'settlement_failed')
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  assert.ok(!JSON.stringify(refused.body).includes('cannot be written'), 'the cause is not shown')
  const kept = { kind: 'failure', order_id: null, payment_id: null, request_id: refused.body.request_id }
  assert.deepEqual(await events(), [{ ...kept, verdict: 'error' }])
  // The order, the player's sequence and the event went with their transaction.
  assert.deepEqual(await stateOf(app), { ...before, payment_events: 1, payment_event_bodies: 1 })
  assert.equal(assertDone(await fail('order-neighbour')).order_status, 'failed')

  await database.inTransaction((tx) => sql`drop trigger poison`.execute(tx))
  const healed = assertDone(await fail(POISONED))
  assert.deepEqual([healed.order_status, healed.error_code], ['failed', 'CARD_DECLINED'])
  assert.equal((await orderRow(app, POISONED))?.state_version, 1)
  assert.deepEqual((await events()).map(({ verdict }) => verdict).toSorted(), ['error', 'failed', 'failed'])
  await assertBooks(app)
  await assertAuditClean(t, app.variables)
})
