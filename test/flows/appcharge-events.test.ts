import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appchargeBody, appchargeChannels, awardOf, eventOf, sendAppcharge } from '../support/appcharge.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutEvidence, withoutMarks } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import type { Answer } from '../support/test-app.ts'

type Changes = Readonly<Record<string, unknown>>

onEveryEngine(
  (on) => {
    let players = 0
    const newcomer = async () => {
      players += 1
      const orderId = `ev${players}`
      const { token, uid } = await on.app.logIn(`appcharge-event-${players}`)
      return { token, uid, orderId, named: `appcharge:${orderId}` }
    }
    const award = (uid: string, orderId: string): Promise<Answer> =>
      sendAppcharge(on.app, { callback: 'award', body: awardOf(uid, { orderId }) })
    const event = async (body: unknown): Promise<void> => {
      const answer = await sendAppcharge(on.app, { callback: 'events', body })
      assert.deepEqual([answer.status, answer.body], [200, ''], JSON.stringify(body))
    }
    const refunded = (orderId: string, changes: Changes = {}) =>
      event(eventOf('order-refunded', { orderId, type: 'refund', changes }))
    const opened = (orderId: string, changes: Changes = {}) =>
      event(eventOf('order-dispute-opened', { orderId, type: 'dispute_funds_withdrawn', changes }))
    const resolved = (orderId: string, changes: Changes, type = 'dispute_funds_withdrawn') =>
      event(eventOf('order-dispute-resolved', { orderId, type, changes: { result: null, ...changes } }))
    const seen = async (uid: string, named: string) => {
      const { coins, inbox_tokens: waiting } = await playerRow(on.app, uid)
      return { status: (await orderRow(on.app, named))?.status, coins, waiting }
    }
    const GRANTED = { status: 'completed', coins: 1000, waiting: 22 }
    const TAKEN = { status: 'refunded', coins: 0, waiting: 0 }

    test('a refund takes all of the grant, once, by either spelling of its name and either length of its time', async () => {
      for (const changes of [
        {},
        { eventName: 'order_refunded' },
        { timestamp: 1763734647 },
        { timestamp: '1763734647000' },
        { order: null, customer: null, offer: null, sessionMetadata: 'x', extra: [1] },
      ]) {
        const { uid, orderId, named } = await newcomer()
        assert.equal((await award(uid, orderId)).status, 200)
        assert.deepEqual(await seen(uid, named), GRANTED)
        for (const _ of [1, 2]) await refunded(orderId, changes)
        assert.deepEqual(await seen(uid, named), TAKEN, JSON.stringify(changes))
        assert.deepEqual((await award(uid, orderId)).body, { publisherPurchaseId: named }, 'what was awarded stays so')
        assert.deepEqual(await seen(uid, named), TAKEN)
      }
      await assertBooks(on.app)
    })

    test('a refund before its award: the award is answered, and grants nothing', async () => {
      const { uid, orderId, named } = await newcomer()
      await refunded(orderId)
      for (const _ of [1, 2]) {
        const answer = await award(uid, orderId)
        assert.deepEqual([answer.status, answer.body], [200, { publisherPurchaseId: named }])
      }
      assert.deepEqual(await seen(uid, named), TAKEN)
      await assertBooks(on.app)
    })

    test('a dispute holds the order; who has won it decides, by its result, its reason or where the money went', async () => {
      const ends: readonly [Changes, string, typeof GRANTED | typeof TAKEN | null][] = [
        [{ result: 'won' }, 'dispute_funds_withdrawn', GRANTED],
        [{ result: 'lost' }, 'dispute_funds_withdrawn', TAKEN],
        [{ reason: 'payment_dispute_lost' }, 'other', TAKEN],
        [{ reason: 'payment_dispute_inquiry_won' }, 'other', GRANTED],
        [{}, 'dispute_funds_reinstated', GRANTED],
        [{}, 'dispute_funds_withdrawn', TAKEN],
        [{ eventName: 'order_dispute_resolved', result: 'WON' }, 'dispute_funds_withdrawn', GRANTED],
        [{ result: 'closed' }, 'other', null],
        [{ result: 'lost' }, 'dispute_funds_reinstated', null],
        [{ result: 'won', reason: 'dispute_lost' }, 'other', null],
        [{ result: 'success', reason: 'not won by anybody' }, 'other', null],
      ]
      for (const [changes, type, end] of ends) {
        const { token, uid, orderId, named } = await newcomer()
        await award(uid, orderId)
        await opened(orderId)
        assert.deepEqual(await seen(uid, named), { ...GRANTED, status: 'disputed' })
        const more = await on.app.call('POST', '/api/v1/orders', {
          token,
          body: { item_id: 1, payment_channel: 'appcharge' },
        })
        assert.equal(more.body.error, 'player_disputed')
        await resolved(orderId, changes, type)
        assert.deepEqual(
          await seen(uid, named),
          end ?? { ...GRANTED, status: 'disputed' },
          JSON.stringify([changes, type]),
        )
      }
      await assertBooks(on.app)
    })

    test('a dispute that is decided before it is heard of, or opened again after, stands as it was decided', async () => {
      const { uid, orderId, named } = await newcomer()
      await award(uid, orderId)
      await resolved(orderId, { result: 'lost' })
      await opened(orderId)
      assert.deepEqual(await seen(uid, named), TAKEN)
      await resolved(orderId, { result: 'won', timestamp: 1763734847000 }, 'dispute_funds_reinstated')
      assert.deepEqual(await seen(uid, named), GRANTED)
      await assertBooks(on.app)
    })

    test('a payment that failed, or was left, shows on the order of ours; a late one takes nothing back', async () => {
      const { token, uid } = await newcomer()
      const failing = async (changes: Changes) => {
        const order = await createOrder(on.app, token, { payment_channel: 'appcharge' })
        const sessionMetadata = { order_id: order.order_id }
        await event(appchargeBody('order-payment-failed', { customer: { id: uid }, sessionMetadata, ...changes }))
        return order.order_id as string
      }
      const failed = await failing({})
      assert.deepEqual(
        [(await orderRow(on.app, failed))?.status, (await orderRow(on.app, failed))?.error_code],
        ['failed', 'PAYMENT_FAILED'],
      )
      const left = await failing({ eventName: 'order.canceled', result: null })
      assert.equal((await orderRow(on.app, left))?.status, 'cancelled')
      const text = await failing({ customer: { playerId: uid }, sessionMetadata: undefined })
      assert.equal((await orderRow(on.app, text))?.status, 'pending', 'without our order it is of no concern')
      for (const [orderId, own] of [
        ['late1', failed],
        ['late2', left],
      ] as const) {
        const paid = awardOf(uid, { orderId, sessionMetadata: JSON.stringify({ order_id: own }) })
        const answer = await sendAppcharge(on.app, { callback: 'award', body: paid })
        assert.deepEqual(answer.body, { publisherPurchaseId: own })
        const late = { customer: { id: uid }, sessionMetadata: { order_id: own } }
        await event(appchargeBody('order-payment-failed', late))
        assert.equal((await orderRow(on.app, own))?.status, 'completed')
      }
      await assertBooks(on.app)
    })

    test('what is of no concern, or cannot be used, is taken and kept, and changes nothing', async () => {
      const { uid, orderId, named } = await newcomer()
      await award(uid, orderId)
      const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
      const kept = Number((await stateOf(on.app))['payment_events'])
      const bodies = [
        appchargeBody('webstore-login'),
        appchargeBody('webstore-login', { eventName: 'order.completed', result: 'success' }),
        appchargeBody('webstore-login', { eventName: 'order.created' }),
        appchargeBody('webstore-login', { eventName: 'a.name.of.tomorrow' }),
        appchargeBody('order-payment-failed', { result: 'success' }),
        appchargeBody('order-payment-failed', { customer: { id: 'nobody' } }),
        eventOf('order-refunded', { orderId, type: 'refund', changes: { result: 'failed' } }),
        eventOf('order-refunded', { orderId, type: 'refund', changes: { transactions: [] } }),
        eventOf('order-refunded', { orderId, type: 'refund', changes: { transactions: null } }),
        appchargeBody('order-refunded', {
          transactions: [
            { purchaseId: 'a', type: 'refund' },
            { purchaseId: 'b', type: 'refund' },
          ],
        }),
        eventOf('order-refunded', { orderId, type: 'refund', changes: { timestamp: Date.now() + 10 * 60_000 } }),
        eventOf('order-refunded', { orderId, type: 'refund', changes: { timestamp: 'yesterday' } }),
        eventOf('order-refunded', { orderId, type: 'refund', changes: { transactions: 'none' } }),
        { eventName: 'order.refunded' },
        [],
        'no JSON',
      ]
      for (const body of bodies) await event(body)
      assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
      assert.equal(Number((await stateOf(on.app))['payment_events']), kept + bodies.length)
      assert.deepEqual(await seen(uid, named), GRANTED)
    })

    test('who looks at the store is not kept with what they did; an order’s event of tomorrow is kept whole', async () => {
      const person = { customer: { id: '1', email: 'somebody@example.com' }, device: { ip: '192.0.2.77' } }
      await event(appchargeBody('webstore-login', { ...person, eventId: 'seen-1' }))
      await event(appchargeBody('webstore-login', { ...person, eventName: 'order_completed', eventId: 'seen-2' }))
      await event(appchargeBody('webstore-login', { ...person, eventName: 'order.tomorrow', eventId: 'seen-3' }))
      const ofNobody = { ...person, sessionMetadata: null }
      await event(appchargeBody('order-payment-failed', { ...ofNobody, result: 'success', eventId: 'seen-4' }))
      await event(appchargeBody('order-payment-failed', { ...ofNobody, eventId: 'seen-5' }))
      const { db } = on.app.service.database
      const bodies = (await db.selectFrom('payment_event_bodies').selectAll().execute()).map(({ body }) =>
        Buffer.from(body ?? '').toString(),
      )
      const of = (eventId: string) => bodies.filter((body) => body.includes(`"${eventId}"`))
      assert.deepEqual(of('seen-1'), [
        '{"eventName":"webstore.login.completed","eventId":"seen-1","timestamp":1763734647000}',
      ])
      assert.deepEqual(of('seen-2'), ['{"eventName":"order_completed","eventId":"seen-2","timestamp":1763734647000}'])
      assert.match(of('seen-3').join(), /somebody@example\.com/)
      for (const paid of ['seen-4', 'seen-5']) assert.doesNotMatch(of(paid).join(), /somebody|192\.0/)
    })

    test('a kept message is proven again by its signature alone, and told again', async () => {
      const { uid, orderId, named } = await newcomer()
      await award(uid, orderId)
      await refunded(orderId)
      const { db } = on.app.service.database
      const events = await db.selectFrom('payment_events').selectAll().where('instance', '=', 'appcharge').execute()
      const own = events.filter(({ order_id: id }) => id === named)
      assert.deepEqual(own.map(({ kind }) => kind).toSorted(), ['notice', 'payment'])
      for (const { event_id: eventId, headers, callback } of own) {
        assert.doesNotMatch(headers, /token/)
        assert.ok(callback === 'award' || callback === 'events')
        const args = ['replay', eventId, '--json']
        const { code, stdout } = await runProgram('src/cli/orders.ts', { args, variables: on.app.variables })
        assert.equal(code, 0, stdout)
        assert.deepEqual(JSON.parse(stdout).changes, [])
      }
      assert.deepEqual(await seen(uid, named), TAKEN)
    })
  },
  { variables: { CHANNELS: appchargeChannels() } },
)
