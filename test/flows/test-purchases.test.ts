import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine, type Running } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { deliver, purchase, tellingOf } from '../support/reversals.ts'
import { callSigned } from '../support/signed-call.ts'
import { localApps, OTHER_APP_ID, PARTNER_SECRET, payment, SIGNED_SECRET } from '../support/test-app.ts'

const SUCCESS = '/api/v1/payment/success'
const FAILURE = '/api/v1/payment/failure'

async function testModeEvents(on: Running) {
  return on.app.service.database.db
    .selectFrom('payment_events')
    .select(['event_id', 'kind', 'environment', 'order_id', 'payment_id'])
    .where('verdict', '=', 'test_mode')
    .execute()
}

/** Everything but the messages that were kept. */
async function booksOf(on: Running) {
  const { payment_events: _, payment_event_bodies: __, ...books } = withoutMarks(await stateOf(on.app))
  return books
}

describe('an app online that says nothing of test purchases', () => {
  onEveryEngine(
    (on) => {
      const send = (path: string, fields: { order_id: string } & Record<string, unknown>) =>
        callSigned(on.app, path, {
          body: payment({ uid: '10001', payment_channel: 'signed', ...fields }),
          secret: SIGNED_SECRET,
        })

      test('keeps one that is told of and books nothing, however often it is sent', async () => {
        const before = await booksOf(on)
        for (let n = 1; n <= 2; n++) {
          const told = assertDone(await send(SUCCESS, { order_id: 'play-money', transaction_id: 'play-1', test: true }))
          assert.deepEqual([told.order_status, told.coins_granted, told.replayed], ['test_mode', 0, false])
        }
        const failed = assertDone(await send(FAILURE, { order_id: 'play-failed', web_pay_error_code: 'X', test: true }))
        assert.equal(failed.order_status, 'test_mode')
        assert.deepEqual(await booksOf(on), before)
        const kept = await testModeEvents(on)
        assert.deepEqual(kept.map(({ kind }) => kind).toSorted(), ['failure', 'payment', 'payment'])
        for (const one of kept) assert.deepEqual([one.environment, one.order_id, one.payment_id], ['test', null, null])
        await assertBooks(on.app)
      })

      test('takes the same transaction in real money, which is another payment', async () => {
        assertDone(await send(SUCCESS, { order_id: 'real-money', transaction_id: 'play-2', test: true }))
        // Online there is no player of this test: the money waits, so it was looked at.
        assertRefused(
          await send(SUCCESS, { order_id: 'real-money', transaction_id: 'play-2' }),
          404,
          'player_not_found',
        )
      })
    },
    { env: 'online' },
  )
})

describe('an app that takes no test purchases', () => {
  onEveryEngine(
    (on) => {
      test('keeps the callbacks of one, and answers its platform that it need not send them again', async () => {
        const { token, uid } = await on.app.logIn('test-hook')
        const order = await createOrder(on.app, token)
        const before = await booksOf(on)
        const bought = { ...purchase({ order_id: order.order_id, uid }), test: true }
        for (const type of ['payment.succeeded', 'dispute.opened', 'refund.succeeded'] as const) {
          const told = assertDone(await deliver(on.app, tellingOf(bought, { type })))
          assert.deepEqual([told.order_id, told.refusal], [null, 'test_mode'])
        }
        const failed = JSON.stringify({ type: 'payment.failed', code: 'CARD_DECLINED', purchase: bought })
        assert.equal(assertDone(await deliver(on.app, failed)).refusal, 'test_mode')
        assert.deepEqual(await booksOf(on), before)
        assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
        assert.equal((await testModeEvents(on)).length, 4)
        await assertBooks(on.app)
      })

      test('refuses one that a device tells of, and keeps it once however often it is told', async () => {
        const { token, uid } = await on.app.logIn('test-device')
        const order = await createOrder(on.app, token)
        const bought = { ...purchase({ order_id: order.order_id, uid }), test: true }
        const key = `sandbox-purchase:sandbox:${bought.transaction_id}`
        await on.app.service.kv.set(key, JSON.stringify(bought), { ttlMs: null })
        const body = { payment_channel: 'sandbox', transaction_id: bought.transaction_id }
        const before = await booksOf(on)
        for (let n = 1; n <= 3; n++) {
          const told = await on.app.call('POST', '/api/v1/payment/verify', { token, body })
          assertRefused(told, 403, 'test_mode', { action: 'contact_support' })
        }
        assert.deepEqual(await booksOf(on), before)
        const kept = (await testModeEvents(on)).filter(({ kind }) => kind === 'device_purchase')
        assert.equal(kept.length, 1)
        assert.equal((await playerRow(on.app, uid)).coins, 0)
      })
    },
    { variables: { APPS: localApps({ testPurchases: false }) } },
  )
})

describe('an app that takes test purchases', () => {
  onEveryEngine(
    (on) => {
      test('grants one and marks it wherever its order shows', async () => {
        const { token, uid } = await on.app.logIn('test-taken')
        const body = payment({
          order_id: 'test-order',
          uid,
          transaction_id: 'tst-1',
          test: true,
          payment_channel: 'signed',
        })
        const told = assertDone(await callSigned(on.app, SUCCESS, { body, secret: SIGNED_SECRET }))
        assert.deepEqual([told.order_status, told.coins_granted], ['completed', 1000])
        const live = payment({ order_id: 'live-order', uid, transaction_id: 'tst-1', payment_channel: 'signed' })
        assert.equal(
          assertDone(await callSigned(on.app, SUCCESS, { body: live, secret: SIGNED_SECRET })).replayed,
          false,
        )
        const { data } = assertDone(await on.app.call('GET', '/api/v1/orders/history', { token }))
        const marks = Object.fromEntries(data.map((row: Record<string, unknown>) => [row['order_id'], row['test']]))
        assert.deepEqual(marks, { 'test-order': true, 'live-order': undefined })
        const events = await on.app.service.database.db
          .selectFrom('outbox_events')
          .select('payload')
          .where('order_id', '=', 'test-order' as never)
          .execute()
        assert.deepEqual(
          events.map(({ payload }) => JSON.parse(payload).test),
          [true],
        )
        await assertBooks(on.app)
      })

      test('an order that a test payment puts in review is marked; a later real one that is granted is not', async () => {
        const { token, uid } = await on.app.logIn('test-review')
        const order = await createOrder(on.app, token)
        const bought = purchase({ order_id: order.order_id, uid })
        const wrong = { ...bought, transaction_id: 'tst-2', amount_minor: 1, test: true }
        assertDone(await deliver(on.app, tellingOf(wrong, { type: 'payment.succeeded' })))
        const read = async () => assertDone(await on.app.call('GET', `/api/v1/orders/${order.order_id}`, { token }))
        assert.deepEqual([(await read()).order_status, (await read()).test], ['review', true])
        assertDone(await deliver(on.app, tellingOf(bought, { type: 'payment.succeeded' })))
        assert.deepEqual([(await read()).order_status, (await read()).test], ['completed', undefined])
        await assertBooks(on.app)
      })

      test('what one app takes says nothing of another', async () => {
        const { uid } = await on.app.logIn('test-partner', OTHER_APP_ID)
        const body = payment({ order_id: 'partner-test', uid, test: true, payment_channel: 'partner' })
        assert.equal(
          assertDone(await callSigned(on.app, SUCCESS, { body, secret: PARTNER_SECRET })).order_status,
          'test_mode',
        )
      })
    },
    { variables: { APPS: JSON.stringify(appsOf({ [OTHER_APP_ID]: false })) } },
  )
})

function appsOf(testPurchases: Readonly<Record<string, boolean>>): object[] {
  const parsed = JSON.parse(localApps({})) as { appId: string }[]
  return parsed.map((app) => {
    const taken = testPurchases[app.appId]
    return taken === undefined ? app : { ...app, testPurchases: taken }
  })
}
