import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId, OrderId, OutboxEventId, PlayerId } from '../../src/kernel/ids.ts'
import { orderRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const HALF_HOUR_MS = 30 * 60_000

onEveryEngine(
  (on) => {
    const orderOf = async (loginId: string): Promise<{ orderId: string; uid: string }> => {
      const { token, uid } = await on.app.logIn(loginId)
      return { orderId: (await createOrder(on.app, token)).order_id, uid }
    }
    const status = async (orderId: string) => (await orderRow(on.app, orderId))?.status

    test('an order that cannot end keeps no other from ending, and ends once it can', async () => {
      const broken = await orderOf('expiry-broken')
      const sound = await Promise.all(['a', 'b', 'c'].map((name) => orderOf(`expiry-sound-${name}`)))
      const { database, jobs } = on.app.service
      const planted = 'out_planted' as OutboxEventId
      // What only a fault could leave: the event of the very change that is to come.
      await database.inTransaction((tx) =>
        tx
          .insertInto('outbox_events')
          .values({
            ...{ user_id: Number(broken.uid) as PlayerId, event_seq: 99, event_id: planted, app_id: APP_ID as AppId },
            ...{ type: 'order.expired', order_id: broken.orderId as OrderId, state_version: 2 },
            ...{ payload: '{}', created_at_ms: clock.nowMs() },
          })
          .execute(),
      )
      clock.moveMs(HALF_HOUR_MS)
      assert.equal(await jobs.run('expire-orders'), 3)
      for (const { orderId } of sound) assert.equal(await status(orderId), 'expired')
      assert.equal(await status(broken.orderId), 'pending')
      await database.inTransaction((tx) => tx.deleteFrom('outbox_events').where('event_id', '=', planted).execute())
      assert.equal(await jobs.run('expire-orders'), 1)
      assert.equal(await status(broken.orderId), 'expired')
    })

    test('a backlog ends in short steps, between which every request has its turn', async () => {
      for (let n = 0; n < 5; n++) {
        const { token } = await on.app.logIn(`expiry-backlog-${n}`)
        for (let k = 0; k < 20; k++) await createOrder(on.app, token)
      }
      clock.moveMs(HALF_HOUR_MS)
      let turns = 0
      const counter = setInterval(() => {
        turns += 1
      }, 0)
      const ended = await on.app.service.jobs.run('expire-orders')
      clearInterval(counter)
      assert.equal(ended, 100)
      assert.ok(turns >= 3, `${turns} turns of the event loop while a hundred orders ended`)
    })

    test('twenty orders of a player whose row is held wait once, and the others end', { timeout: 60_000 }, async () => {
      const { token, uid } = await on.app.logIn('expiry-held')
      const held: string[] = []
      for (let n = 0; n < 20; n++) held.push((await createOrder(on.app, token)).order_id)
      const free = await orderOf('expiry-free')
      clock.moveMs(HALF_HOUR_MS)
      const { database, jobs } = on.app.service
      // An embedded database has one writer: whoever holds it holds everybody, so there is nobody to get past.
      if (database.engine === 'sqlite') return void (await jobs.run('expire-orders'))
      const holding = Promise.withResolvers<void>()
      const release = Promise.withResolvers<void>()
      const holder = database.inTransaction(async (tx) => {
        const row = tx
          .selectFrom('users')
          .selectAll()
          .where('user_id', '=', Number(uid) as PlayerId)
        await row.forUpdate().execute()
        holding.resolve()
        await release.promise
      })
      await holding.promise
      assert.equal(await jobs.run('expire-orders'), 1)
      assert.equal(await status(free.orderId), 'expired')
      release.resolve()
      await holder
      assert.equal(await jobs.run('expire-orders'), 20)
      for (const orderId of held) assert.equal(await status(orderId), 'expired')
    })
  },
  { clock },
)
