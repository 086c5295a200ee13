import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { assertAuditClean } from '../support/audit-run.ts'
import { payment, startApp } from '../support/test-app.ts'

const POISONED = 'order-poisoned'
const NEIGHBOURS = 24

test('one payment that cannot be settled is kept and asked for again, its neighbours are granted, a replay heals it', async (t) => {
  const app = await startApp()
  t.after(() => app.close())
  const { database } = app.service
  const { uid } = await app.logIn('neighbour')
  const token = await app.serverToken()
  const pay = (orderId: string) =>
    app.call('POST', '/api/v1/payment/success', { token, body: payment({ order_id: orderId, uid }) })
  const eventsOf = (orderId: string) =>
    database.db
      .selectFrom('payment_events')
      .innerJoin('payment_event_bodies', 'payment_event_bodies.event_id', 'payment_events.event_id')
      .select(['verdict', 'payment_events.order_id', 'payment_events.payment_id'])
      .where(sql<string>`cast(body as text)`, 'like', `%"${orderId}"%`)
      .orderBy('received_at_ms')
      .execute()

  await database.inTransaction((tx) =>
    sql`create trigger poison before insert on orders when new.order_id = ${sql.lit(POISONED)}
      begin select raise(abort, 'this one order cannot be written'); end`.execute(tx),
  )
  // The first goes alone and holds the lane; those that come meanwhile share the next transaction.
  const orderIds = Array.from({ length: NEIGHBOURS }, (_, index) => `order-${index}`)
  orderIds.splice(NEIGHBOURS / 2, 0, POISONED)
  const answers = await Promise.all(orderIds.map(pay))
  for (const [index, orderId] of orderIds.entries()) {
    const answer = answers[index]
    if (orderId !== POISONED) assert.equal(answer?.status, 200, JSON.stringify(answer?.body))
  }
  const refused = answers[orderIds.indexOf(POISONED)]
  assert.equal(refused?.status, 503, JSON.stringify(refused?.body))
  assert.equal(refused.body.error, 'settlement_failed')
  assert.equal(refused.body.action, 'retry_after')
  assert.match(refused.headers.get('retry-after') ?? '', /^[1-9]\d*$/)
  assert.ok(!JSON.stringify(refused.body).includes('cannot be written'), 'the cause is not shown')
  assert.deepEqual(await eventsOf(POISONED), [{ verdict: 'error', order_id: null, payment_id: null }])

  await database.inTransaction((tx) => sql`drop trigger poison`.execute(tx))
  const healed = await pay(POISONED)
  assert.equal(healed.status, 200, JSON.stringify(healed.body))
  assert.equal(healed.body.replayed, false)
  const verdicts = (await eventsOf(POISONED)).map(({ verdict }) => verdict)
  assert.deepEqual(verdicts.toSorted(), ['error', 'granted'])
  const account = await app.call('POST', '/api/v1/refresh', { token, body: { uid } })
  assert.equal(account.body.coins, 1000 * (NEIGHBOURS + 1))
  await assertAuditClean(t, app.variables)
})
