import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { PARTNERS, PARTNERS_CLOCK, paid, partnersOf, SECOND_SECRET } from '../support/partners.ts'
import { PARTNER_SECRET, payment, SIGNED_SECRET } from '../support/test-app.ts'

onEveryEngine(
  (on) => {
    const { signature, send, notice } = partnersOf(on)
    const standing = async (orderId: string, uid: string) => [
      (await orderRow(on.app, orderId))?.status,
      (await playerRow(on.app, uid)).coins,
    ]

    test('a partner tells of a payment, a failure, a refund and a dispute in one place', async () => {
      const { uid } = await on.app.logIn('signed-story')
      const failed = { type: 'payment.failed', order_id: 's1', uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' }
      assert.equal(assertDone(await send(failed)).order_status, 'failed')
      const success = paid({ order_id: 's1', uid, transaction_id: 'txn-s1' })
      for (const _ of [1, 2]) assert.equal(assertDone(await send(success)).order_status, 'completed')
      const { type: _, ...body } = success
      const headers = { 'x-signature': signature(body), 'x-channel': 'signed' }
      const byCall = await on.app.call('POST', '/api/v1/payment/success', { body, headers })
      assert.equal(assertDone(byCall).replayed, true, 'one payment, by whichever door')
      const of = { transaction_id: 'txn-s1' }
      for (const [type, fields, status, coins] of [
        ['refund.succeeded', { ...of, amount: 9.99, currency: 'usd' }, 'completed', 501],
        ['refund.succeeded', { ...of, amount: '19.99', currency: 'USD' }, 'refunded', 0],
        ['refund.reversed', of, 'completed', 1000],
        ['dispute.opened', { ...of, reversal_id: 'd1' }, 'disputed', 1000],
        ['dispute.lost', { ...of, reversal_id: 'd1' }, 'refunded', 0],
        ['dispute.won', { ...of, reversal_id: 'd1' }, 'completed', 1000],
      ] as const) {
        const told = notice(type, fields)
        assertDone(await send(told))
        assert.equal(assertDone(await send(told)).order_status, status, `${type}, twice`)
        assert.deepEqual(await standing('s1', uid), [status, coins], type)
      }
      await assertBooks(on.app)
    })

    test('a payment that was told of without a transaction id is given back by its order', async () => {
      const { uid } = await on.app.logIn('signed-by-order')
      assertDone(await send(paid({ order_id: 'b1', uid })))
      const told = assertDone(await send(notice('refund.succeeded', { order_id: 'b1' })))
      assert.deepEqual([told.order_id, told.order_status], ['b1', 'refunded'])
      assert.deepEqual(await standing('b1', uid), ['refunded', 0])
      assertDone(await send(paid({ order_id: 'b1', uid, transaction_id: 'late-id' })))
      assertDone(await send(notice('refund.reversed', { order_id: 'b1' })))
      assert.deepEqual(await standing('b1', uid), ['completed', 1000])
      // By now it has an id, and is the same payment by that.
      assertDone(await send(notice('refund.succeeded', { transaction_id: 'late-id' })))
      assert.deepEqual(await standing('b1', uid), ['refunded', 0])
      await assertBooks(on.app)
    })

    test('a refund of an order that comes before its payment finds it, with a transaction id or without', async () => {
      for (const [order_id, more] of [
        ['e1', {}],
        ['e2', { transaction_id: 'txn-e2' }],
      ] as const) {
        const { uid } = await on.app.logIn(`signed-early-${order_id}`)
        const early = assertDone(await send(notice('refund.succeeded', { order_id })))
        assert.deepEqual([early.order_id, early.order_status], [null, null])
        const message = paid({ order_id, uid, ...more })
        for (const _ of [1, 2]) assert.equal(assertDone(await send(message)).order_status, 'refunded')
        assert.deepEqual(await standing(order_id, uid), ['refunded', 0])
        await assertBooks(on.app)
      }
    })

    test('a refund that names the order and its payment in turn, both before the payment, is one payment’s', async () => {
      const { uid } = await on.app.logIn('signed-two-names')
      const half = { amount: 9.99, currency: 'USD' }
      assertDone(await send(notice('refund.succeeded', { order_id: 'n1', reversal_id: 'r-order', ...half })))
      assertDone(await send(notice('refund.succeeded', { transaction_id: 'txn-n1', reversal_id: 'r-txn', ...half })))
      assertDone(await send(paid({ order_id: 'n1', uid, transaction_id: 'txn-n1' })))
      assert.deepEqual(await standing('n1', uid), ['completed', 1])
      await assertBooks(on.app)
    })

    test('of two payments for an order the granted one is given back by the order’s name', async () => {
      const { uid } = await on.app.logIn('signed-granted')
      const wrong = assertDone(await send(paid({ order_id: 'g1', uid, price: 1 })))
      assert.deepEqual([wrong.order_status, wrong.refusal], ['review', 'price_mismatch'])
      assertDone(await send(paid({ order_id: 'g1', uid, transaction_id: 'txn-g1' })))
      assertDone(await send(paid({ order_id: 'g1', uid, transaction_id: 'txn-g1-second' })))
      assertDone(await send(notice('refund.succeeded', { order_id: 'g1' })))
      assert.deepEqual(await standing('g1', uid), ['refunded', 0])
      const entries = await reviewEntries(on.app, 'g1')
      assert.deepEqual(
        entries.map(({ reason, state }) => [reason, state]).toSorted(),
        [
          ['duplicate_charge', 'open'],
          ['price_mismatch', 'open'],
        ],
        'the others are not given back by it',
      )
      await assertBooks(on.app)
    })

    test('money that waits for a person is given back by its order’s name too', async () => {
      const { uid } = await on.app.logIn('signed-waiting')
      assert.equal(assertDone(await send(paid({ order_id: 'w1', uid, price: 1 }))).order_status, 'review')
      assertDone(await send(notice('refund.succeeded', { order_id: 'w1' })))
      const [entry] = await reviewEntries(on.app, 'w1')
      assert.equal(entry?.state, 'refunded')
      assert.deepEqual(await standing('w1', uid), ['refunded', 0])
      await assertBooks(on.app)
    })

    test('nobody gives back what another channel took: by its order or by its id, of the same app or another', async () => {
      const { uid } = await on.app.logIn('signed-foreign')
      const server = await on.app.serverToken()
      const body = payment({ order_id: 'f1', uid, transaction_id: 'txn-f1' })
      assertDone(await on.app.call('POST', '/api/v1/payment/success', { token: server, body }))
      assertDone(await send(paid({ order_id: 'f2', uid, transaction_id: 'txn-f2' })))
      for (const [instance, secret] of [
        ['signed', SIGNED_SECRET],
        ['second', SECOND_SECRET],
        ['partner', PARTNER_SECRET],
      ] as const) {
        const orders = instance === 'signed' ? ['f1'] : ['f1', 'f2']
        for (const order of orders) {
          for (const named of [{ order_id: order }, { transaction_id: `txn-${order}` }]) {
            const told = assertDone(await send(notice('dispute.lost', named), { instance, secret }))
            assert.equal(told.order_id, null)
          }
        }
      }
      assert.deepEqual(await standing('f1', uid), ['completed', 2000])
      assert.deepEqual(await standing('f2', uid), ['completed', 2000])
      await assertBooks(on.app)
    })

    test('a channel’s name in a message is shown and decides nothing', async () => {
      const { token, uid } = await on.app.logIn('signed-names')
      for (const payment_channel of ['sandbox', 'partner', '__proto__', 'constructor', '任意渠道']) {
        const order = await createOrder(on.app, token, { payment_channel: 'signed' })
        assert.deepEqual(order.checkout, { kind: 'external' })
        const told = assertDone(await send(paid({ order_id: order.order_id, uid, payment_channel })))
        assert.equal(told.order_status, 'completed')
        const row = await orderRow(on.app, order.order_id)
        assert.deepEqual([row?.channel_instance, row?.payment_channel], ['signed', payment_channel])
      }
    })

    test('a refund and its payment at once, many times over, end in one place', async () => {
      const { uid } = await on.app.logIn('signed-at-once')
      const orders = Array.from({ length: 12 }, (_, n) => `at-once-${n}`)
      const sent = orders.flatMap((order_id, n) => {
        const message = paid({ order_id, uid, ...(n % 2 ? { transaction_id: `txn-${order_id}` } : {}) })
        const told = notice('refund.succeeded', { order_id })
        return [message, told, told, message]
      })
      for (const answer of await Promise.all(sent.map((message) => send(message)))) assertDone(answer)
      for (const order_id of orders) {
        assert.deepEqual(await standing(order_id, uid), ['refunded', 0], order_id)
      }
      await assertBooks(on.app)
    })
  },
  { clock: PARTNERS_CLOCK, variables: { CHANNELS: PARTNERS } },
)
