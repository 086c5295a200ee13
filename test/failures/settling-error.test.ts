import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDirectChannel } from '../../src/channels/signed/index.ts'
import type { Database } from '../../src/db/database.ts'
import { openApps } from '../../src/features/apps/index.ts'
import { openPaymentLane, type SettleDeps } from '../../src/features/payments/index.ts'
import { openCatalogues } from '../../src/features/store/index.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { runProgram } from '../support/child-server.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, payment, startApp } from '../support/test-app.ts'

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

  await poison(database)
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

test('a message that a fault of ours left unsettled is settled by an operator, and its sender is answered as after a grant', async (t) => {
  const app = await startApp()
  t.after(() => app.close())
  const { database } = app.service
  const { uid } = await app.logIn('operated')
  const token = await app.serverToken()
  const pay = () =>
    app.call('POST', '/api/v1/payment/success', {
      token,
      body: payment({ order_id: POISONED, uid, transaction_id: 'p' }),
    })
  await poison(database)
  assert.equal((await pay()).status, 503)
  const { event_id: eventId } = await database.db
    .selectFrom('payment_events')
    .select('event_id')
    .where('verdict', '=', 'error')
    .executeTakeFirstOrThrow()
  const replay = (...args: string[]) =>
    runProgram('src/cli/orders.ts', { args: ['replay', eventId, ...args], variables: app.variables })
  const broken = await replay('--apply')
  assert.deepEqual([broken.code, broken.stdout], [1, ''], 'what broke it is still there, and is told')
  await database.inTransaction((tx) => sql`drop trigger poison`.execute(tx))
  const { code, stdout } = await replay('--apply')
  assert.equal(code, 0)
  assert.match(stdout, /Told again it came to `granted`/)
  const retried = await pay()
  assert.deepEqual([retried.status, retried.body.replayed], [200, true], JSON.stringify(retried.body))
  await assertAuditClean(t, app.variables)
})

test('in a shared transaction one payment that cannot be settled fails alone', async (t) => {
  const app = await startApp()
  t.after(() => app.close())
  const { database } = app.service
  const { uid } = await app.logIn('neighbour')
  await poison(database)
  const clock = fakeClock()
  const counted: string[] = []
  const deps: SettleDeps = {
    database,
    clock,
    apps: openApps([]),
    catalogues: openCatalogues({ database, clock }),
    count: ({ verdict }) => counted.push(verdict),
  }
  const lane = openPaymentLane(deps)
  const channel = openDirectChannel({ mint: 'closed' })
  // The first goes alone and holds the lane; all that are handed in meanwhile share the next transaction.
  const orderIds = ['order-first', 'order-before', POISONED, 'order-after', 'order-last']
  const settled = await Promise.allSettled(
    orderIds.map((orderId) => {
      const message = payment({ order_id: orderId, uid })
      const rawBody = Buffer.from(JSON.stringify(message))
      const evidence = {
        kind: 'payment',
        headers: {},
        rawBody,
        receivedAtMs: clock.nowMs(),
        requestId: orderId,
      } as const
      const verified = channel.payment({ kind: 'server', appId: APP_ID as AppId }, { message, evidence })
      assert.ok(verified.ok)
      return lane.settle(verified.value)
    }),
  )
  for (const [index, orderId] of orderIds.entries()) {
    const one = settled[index]
    if (orderId === POISONED) assert.equal(one?.status, 'rejected')
    else assert.ok(one?.status === 'fulfilled' && one.value[0]?.ok, `${orderId}: ${JSON.stringify(one)}`)
  }
  assert.deepEqual(counted, ['granted', 'granted', 'granted', 'granted'], 'nothing is counted that was rolled back')
  await assertAuditClean(t, app.variables)
})

async function poison(database: Database): Promise<void> {
  await database.inTransaction((tx) =>
    sql`create trigger poison before insert on orders when new.order_id = ${sql.lit(POISONED)}
      begin select raise(abort, 'this one order cannot be written'); end`.execute(tx),
  )
}
