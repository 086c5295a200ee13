import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { sql } from 'kysely'
import type { OrderId, OutboxEventId, PlayerId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import {
  assertOnceInOrder,
  newWebhookSecret,
  type ReceivedEvent,
  startEventReceiver,
} from '../support/event-receiver.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, localApps, OTHER_APP_ID, payment } from '../support/test-app.ts'

const clock = fakeClock()
const MINUTE_MS = 60_000
const receiver = await startEventReceiver()
after(() => receiver.stop())
const webhooks = { url: receiver.url, secrets: [newWebhookSecret()] }

onEveryEngine(
  (on) => {
    beforeEach(() => {
      receiver.received.length = 0
      receiver.taken.length = 0
    })
    const deliver = () => on.app.service.jobs.run(`deliver-outbox ${APP_ID}`)
    const pay = async (order_id: string, uid: string) =>
      assertDone(
        await on.app.call('POST', '/api/v1/payment/success', {
          token: await on.app.serverToken(),
          body: payment({ order_id, uid }),
        }),
      )
    const orders = (events: readonly ReceivedEvent[]) => events.map((event) => event.data.order_id)

    test('events of older releases, and what a wrong clock wrote, are found by the walk over all players', async () => {
      const [a, b] = [await on.app.logIn('outbox-older-a'), await on.app.logIn('outbox-older-b')]
      await pay('outbox-older-a1', a.uid)
      await pay('outbox-older-b1', b.uid)
      const ids: readonly (readonly [string, string])[] = [
        [a.uid, `out_${'f'.repeat(32)}`],
        [b.uid, `out_t000000000001${'0'.repeat(20)}`],
      ]
      for (const [uid, id] of ids) {
        await on.app.service.database.inTransaction((tx) =>
          tx
            .updateTable('outbox_events')
            .set({ event_id: id as OutboxEventId })
            .where('user_id', '=', Number(uid) as PlayerId)
            .execute(),
        )
      }
      assert.equal(await deliver(), 0)
      assert.equal(await on.app.service.jobs.run('find-missed-events'), 2)
      assert.equal(await on.app.service.jobs.run('find-missed-events'), 0)
      assert.equal(await deliver(), 2)
      assert.deepEqual(new Set(orders(receiver.taken)), new Set(['outbox-older-a1', 'outbox-older-b1']))
    })

    test('behind an event that is missing nothing of its player goes out, and nobody runs in circles', async () => {
      const { database } = on.app.service
      const [broken, sound] = [await on.app.logIn('outbox-gap'), await on.app.logIn('outbox-no-gap')]
      for (const n of [1, 2, 3]) await pay(`outbox-gap-${n}`, broken.uid)
      await pay('outbox-no-gap', sound.uid)
      // What only a fault could leave.
      const missing = await database.db
        .selectFrom('outbox_events')
        .selectAll()
        .where('order_id', '=', 'outbox-gap-2' as OrderId)
        .executeTakeFirstOrThrow()
      await database.inTransaction((tx) =>
        tx.deleteFrom('outbox_events').where('event_id', '=', missing.event_id).execute(),
      )
      assert.equal(await deliver(), 2)
      assert.equal(await deliver(), 0)
      assert.deepEqual(orders(receiver.taken).toSorted(), ['outbox-gap-1', 'outbox-no-gap'])
      await database.inTransaction((tx) => tx.insertInto('outbox_events').values(missing).execute())
      clock.moveMs(2 * MINUTE_MS)
      assert.equal(await deliver(), 2)
      assertOnceInOrder(receiver.taken)
    })

    test('an app without an endpoint keeps its events, and nothing of the delivery is written for it', async () => {
      const { database, jobs } = on.app.service
      const { token, uid } = await on.app.logIn('outbox-other', OTHER_APP_ID)
      assertDone(
        await on.app.call('POST', '/api/v1/payment/success', {
          token,
          body: payment({ order_id: 'outbox-other', uid }),
        }),
      )
      assert.equal(await deliver(), 0)
      assert.equal(await jobs.run('find-missed-events'), 0)
      const { rows } = await sql`select user_id from outbox_cursors where user_id = ${Number(uid)}`.execute(database.db)
      assert.deepEqual(rows, [])
    })
  },
  { clock, variables: { APPS: localApps({ webhooks }) } },
)
