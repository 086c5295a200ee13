import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import {
  assertOnceInOrder,
  isSigned,
  newWebhookSecret,
  type ReceivedEvent,
  startEventReceiver,
} from '../support/event-receiver.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { privacyOf } from '../support/privacy.ts'
import { type Purchase, purchase, deliver as sendCallback, type Telling, tellingOf } from '../support/reversals.ts'
import { APP_ID, localApps, payment } from '../support/test-app.ts'

const [SECRET, OLD_SECRET] = [newWebhookSecret(), newWebhookSecret()]
// It stands still, so a platform's signatures are of its time too.
const clock = fakeClock(Date.now())
const MINUTE_MS = 60_000
const receiver = await startEventReceiver()
after(() => receiver.stop())
const webhooks = { url: receiver.url, secrets: [SECRET, OLD_SECRET], timeoutMs: 1_000 }

onEveryEngine(
  (on) => {
    beforeEach(() => {
      receiver.reactWith(() => 200)
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
    const tell = async (bought: Purchase, ...tellings: Telling[]) => {
      for (const telling of tellings) {
        assertDone(await sendCallback(on.app, tellingOf(bought, telling), clock.nowMs()))
      }
    }
    const ofPlayer = (events: readonly ReceivedEvent[], uid: string) => events.filter((one) => one.data.uid === uid)
    const orders = (events: readonly ReceivedEvent[]) => events.map((event) => event.data.order_id)

    test('a paid order is told to the game server, signed, and once', async () => {
      const { uid } = await on.app.logIn('outbox-told')
      await pay('outbox-told', uid)
      assert.equal(await deliver(), 1)
      assert.equal(await deliver(), 0)
      const [event, more] = receiver.received
      assert.ok(event && !more)
      assert.deepEqual([event.path, event.headers['content-type']], ['POST /events?game=1', 'application/json'])
      assert.match(event.id, /^out_t[0-9a-f]{32}$/)
      assert.deepEqual([event.type, event.timestamp], ['order.completed', new Date(clock.nowMs()).toISOString()])
      assert.deepEqual(event.data, {
        ...{ app_id: APP_ID, event_seq: 1, order_id: 'outbox-told', uid, item_id: 1, quantity: 1 },
        ...{ order_status: 'completed', state_version: 1, price: 19.99, currency: 'USD', coins: 1000, tokens: 22 },
        ...{ is_first_charge: true, payment_channel: 'stripe', error_code: null, occurred_at: event.timestamp },
      })
      assert.ok(isSigned(event, { secret: SECRET, nowMs: clock.nowMs() }))
      assert.ok(!isSigned(event, { secret: newWebhookSecret(), nowMs: clock.nowMs() }))
    })

    test('while a busy player keeps a delivery going, the first event of another is found', async () => {
      const [busy, other] = [await on.app.logIn('outbox-busy'), await on.app.logIn('outbox-beside')]
      await pay('outbox-busy-1', busy.uid)
      receiver.reactWith(async ({ data }) => {
        if (data.order_id !== 'outbox-busy-1') return 200
        await pay('outbox-beside', other.uid)
        clock.moveMs(1_000)
        return 200
      })
      assert.equal(await deliver(), 2, 'in one run')
      assert.deepEqual(orders(receiver.taken), ['outbox-busy-1', 'outbox-beside'])
    })

    test('while a secret is exchanged each event is signed with both, the new one first', async () => {
      const { uid } = await on.app.logIn('outbox-rotation')
      await pay('outbox-rotation', uid)
      await deliver()
      const [event] = receiver.received
      assert.ok(event)
      for (const secret of [SECRET, OLD_SECRET]) assert.ok(isSigned(event, { secret, nowMs: clock.nowMs() }))
      const [first] = String(event.headers['webhook-signature']).split(' ')
      const alone = { ...event, headers: { ...event.headers, 'webhook-signature': first } }
      assert.ok(isSigned(alone, { secret: SECRET, nowMs: clock.nowMs() }))
    })

    test('an event that fails is sent again by its id and its bytes, at a new time; the next of its player waits', async () => {
      const [a, b] = [await on.app.logIn('outbox-500-a'), await on.app.logIn('outbox-500-b')]
      for (const n of [1, 2, 3]) await pay(`outbox-500-a${n}`, a.uid)
      await pay('outbox-500-b1', b.uid)
      receiver.reactWith((event) => (event.data.order_id === 'outbox-500-a2' ? 500 : 200))
      assert.equal(await deliver(), 2)
      assert.deepEqual(orders(ofPlayer(receiver.received, a.uid)), ['outbox-500-a1', 'outbox-500-a2'])
      assert.deepEqual(orders(ofPlayer(receiver.taken, b.uid)), ['outbox-500-b1'])
      // Not before its time, and neither is the one behind it.
      clock.moveMs(3_000)
      await pay('outbox-500-b2', b.uid)
      assert.equal(await deliver(), 1)
      receiver.reactWith(() => 204)
      clock.moveMs(3_001)
      assert.equal(await deliver(), 2)
      const [first, second] = receiver.received.filter((event) => event.data.order_id === 'outbox-500-a2')
      assert.ok(first && second)
      assert.deepEqual([second.id, second.raw], [first.id, first.raw])
      assert.notEqual(second.headers['webhook-timestamp'], first.headers['webhook-timestamp'])
      assert.ok(isSigned(second, { secret: SECRET, nowMs: clock.nowMs() }))
      assertOnceInOrder(receiver.taken)
    })

    test('a game server that hangs, breaks off or drips is waited for briefly; an answer that has begun counts', async () => {
      const { uid } = await on.app.logIn('outbox-hang')
      await pay('outbox-hang', uid)
      receiver.reactWith(() => 'hang')
      assert.equal(await deliver(), 0)
      await receiver.listen(false)
      clock.moveMs(6_001)
      assert.equal(await deliver(), 0)
      await receiver.listen(true)
      receiver.reactWith(() => 'drip')
      clock.moveMs(18_001)
      assert.equal(await deliver(), 1)
      assert.equal(receiver.received.length, 2)
    })

    test('a redirect is not followed: it means that the event was not taken', async () => {
      const elsewhere = await startEventReceiver()
      after(() => elsewhere.stop())
      const { uid } = await on.app.logIn('outbox-redirect')
      await pay('outbox-redirect', uid)
      for (const status of [301, 302, 307, 308]) {
        receiver.reactWith(() => ({ status, headers: { location: elsewhere.url } }))
        assert.equal(await deliver(), 0)
        clock.moveMs(6 * 60 * MINUTE_MS)
      }
      receiver.reactWith(() => 200)
      assert.equal(await deliver(), 1)
      assert.deepEqual([elsewhere.received.length, receiver.received.length], [0, 5])
    })

    test('410 drops nothing: it is tried again, first after a minute, then less and less', async () => {
      const { uid } = await on.app.logIn('outbox-gone')
      await pay('outbox-gone', uid)
      receiver.reactWith(() => 410)
      const tries: number[] = []
      for (let minute = 0; minute < 30; minute++) {
        await deliver()
        if (receiver.received.length > tries.length) tries.push(minute)
        clock.moveMs(MINUTE_MS)
      }
      const [first, second = 0, third = 0, fourth = 0, ...more] = tries
      assert.ok(first === 0 && second <= 2 && third >= 4 && third <= 8 && fourth >= 17 && more.length === 0, `${tries}`)
      receiver.reactWith(() => 200)
      clock.moveMs(90 * MINUTE_MS)
      assert.equal(await deliver(), 1)
    })

    test('a game server that asks for a pause is left alone for as long', async () => {
      const [a, b] = [await on.app.logIn('outbox-pause-a'), await on.app.logIn('outbox-pause-b')]
      await pay('outbox-pause-a', a.uid)
      receiver.reactWith(() => ({ status: 429, headers: { 'retry-after': '120' } }))
      assert.equal(await deliver(), 0)
      await pay('outbox-pause-b', b.uid)
      receiver.reactWith(() => 200)
      clock.moveMs(119_000)
      assert.equal(await deliver(), 0)
      assert.equal(receiver.received.length, 1)
      clock.moveMs(1_000)
      assert.equal(await deliver(), 2)
    })

    test('whatever happens to an order is told in its order: given up, paid late, refunded, disputed, won', async () => {
      const { token, uid } = await on.app.logIn('outbox-story')
      const { order_id } = await createOrder(on.app, token)
      const path = `/api/v1/orders/${order_id}/cancel`
      assertDone(await on.app.call('POST', path, { token, body: { reason: 'I am Anna' } }))
      const bought = purchase({ order_id, uid })
      await tell(bought, { type: 'payment.succeeded' })
      const part = { type: 'refund.succeeded', id: 'part', amountMinor: 500 } as const
      await tell(bought, part, { type: 'dispute.opened', id: 'd', atMs: 2 })
      await deliver()
      await tell(bought, { type: 'dispute.won', id: 'd', atMs: 3 }, { type: 'refund.succeeded', id: 'rest' })
      await deliver()
      const told = receiver.taken.map(({ type, data }) => [type, data.order_status, data.reason])
      assert.deepEqual(told, [
        ['order.pending', 'pending', undefined],
        ['order.cancelled', 'cancelled', 'I am Anna'],
        ['order.completed', 'completed', undefined],
        ['refund.partial', 'completed', undefined],
        ['order.disputed', 'disputed', undefined],
        ['order.completed', 'completed', undefined],
        ['order.refunded', 'refunded', undefined],
      ])
      assertOnceInOrder(receiver.taken)
    })

    test('of an erased player the game server hears by number alone', async () => {
      const { token, uid } = await on.app.logIn('outbox-erased')
      const { order_id } = await createOrder(on.app, token)
      const path = `/api/v1/orders/${order_id}/cancel`
      assertDone(await on.app.call('POST', path, { token, body: { reason: 'I am "Anna", 12 Elm Street' } }))
      const bought = purchase({ order_id, uid })
      await tell(bought, { type: 'payment.succeeded' })
      await privacyOf(on.app).erase(uid)
      await tell(bought, { type: 'refund.succeeded' })
      await deliver()
      assert.deepEqual(
        receiver.taken.map(({ type, data }) => [type, data.uid, data.coins]),
        ['order.pending', 'order.cancelled', 'order.completed', 'order.refunded'].map((type) => [type, uid, 1000]),
      )
      const { db } = on.app.service.database
      const kept = await db.selectFrom('outbox_events').select('payload').execute()
      for (const text of [...receiver.received.map((event) => event.raw), ...kept.map((row) => row.payload)]) {
        assert.doesNotMatch(text, /12 Elm Street/)
      }
      assertOnceInOrder(receiver.taken)
      await assertBooks(on.app)
    })

    test('what waits, and for how long, can be read, and how much was taken and was not', async () => {
      const metrics = async () => {
        const text = String((await on.app.call('GET', '/metrics')).body)
        const value = (name: string, labels = '') =>
          Number(new RegExp(`^${name}\\{app="${APP_ID}"${labels}\\} (.+)$`, 'm').exec(text)?.[1])
        return {
          taken: value('outbox_deliveries_total', ',outcome="taken"'),
          failed: value('outbox_deliveries_total', ',outcome="failed"'),
          players: value('outbox_waiting_players'),
          seconds: value('outbox_oldest_waiting_seconds'),
        }
      }
      const before = await metrics()
      assert.deepEqual([before.players, before.seconds], [0, 0])
      const players = await Promise.all(['a', 'b'].map((name) => on.app.logIn(`outbox-metrics-${name}`)))
      receiver.reactWith(() => 503)
      await pay('outbox-metrics-a', players[0]?.uid ?? '')
      await deliver()
      clock.moveMs(2 * MINUTE_MS)
      await pay('outbox-metrics-b', players[1]?.uid ?? '')
      await deliver()
      const waiting = await metrics()
      assert.deepEqual([waiting.players, waiting.seconds, waiting.failed], [2, 120, before.failed + 3])
      receiver.reactWith(() => 200)
      clock.moveMs(MINUTE_MS)
      assert.equal(await deliver(), 2)
      assert.deepEqual(await metrics(), { taken: before.taken + 2, failed: before.failed + 3, players: 0, seconds: 0 })
    })
  },
  { clock, variables: { APPS: localApps({ webhooks }) } },
)
