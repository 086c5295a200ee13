import assert from 'node:assert/strict'
import { test } from 'node:test'
import { carryOutRefunds, refundPayment } from '../../src/features/payments/index.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { deskOf } from '../support/review-desk.ts'
import { APP_ID } from '../support/test-app.ts'
import { SHOP_KEY, type ShopMessage, webShop } from '../support/web-shop.ts'

const MINUTE_MS = 60_000
const clock = aheadClock()
const shop = webShop()
const otherShop = webShop('other-shop')

onEveryEngine(
  (on) => {
    const tell = async (body: ShopMessage) =>
      assertDone(await on.app.call('POST', '/webhooks/shop', { body, headers: { 'x-key': SHOP_KEY } }))
    const checkoutRow = (orderId: string) =>
      on.app.service.database.db
        .selectFrom('checkouts')
        .selectAll()
        .where('order_id', '=', orderId as never)
        .executeTakeFirstOrThrow()
    const closing = () => on.app.service.jobs.run('close-checkouts')
    const closedOf = (...orders: { order_id: string }[]) =>
      shop.asked.closed.filter((reference) => orders.some((order) => reference === `secret-of-${order.order_id}`))
    const clearAsked = () => {
      for (const { asked } of [shop, otherShop]) Object.assign(asked, { opened: [], closed: [], refunds: 0 })
    }
    const closeAllBefore = async () => {
      clock.moveMs(31 * MINUTE_MS)
      await closing()
      clearAsked()
    }

    test('a retry of an order is answered the checkout that was opened first, and none is opened again', async () => {
      clearAsked()
      const { token } = await on.app.logIn('shop-retry')
      const order = () =>
        on.app.call('POST', '/api/v1/orders', {
          ...{ token, body: { item_id: 1, payment_channel: 'shop' }, headers: { 'idempotency-key': 'again' } },
        })
      const [first, second] = [assertDone(await order()), assertDone(await order())]
      assert.deepEqual(second, first)
      assert.match(first['checkout'].url, /\/1$/)
      assert.deepEqual(first['checkout'].client, { session: 'session-1' })
      assert.deepEqual(shop.asked.opened, [first['order_id']])
      assert.ok(!JSON.stringify(first).includes('secret'), 'what we ask the platform by is nobody’s else')
      const many = await Promise.all(Array.from({ length: 10 }, order))
      for (const answer of many) assert.deepEqual(assertDone(answer), first)
      assert.equal(shop.asked.opened.length, 1)
    })

    test('the checkout of an order that has ended, or was given up, is closed at its platform; that of a paid one is not', async () => {
      await closeAllBefore()
      const { token, uid } = await on.app.logIn('shop-close')
      const [ended, cancelled, paid] = [
        await createOrder(on.app, token, { payment_channel: 'shop' }),
        await createOrder(on.app, token, { payment_channel: 'shop' }),
        await createOrder(on.app, token, { payment_channel: 'shop' }),
      ]
      const all = () => closedOf(...([ended, cancelled, paid] as { order_id: string }[]))
      const [ofEnded, ofCancelled] = [`secret-of-${ended['order_id']}`, `secret-of-${cancelled['order_id']}`]
      await closing()
      assert.deepEqual(all(), [], 'they are open as long as their orders are')
      assertDone(await on.app.call('POST', `/api/v1/orders/${cancelled['order_id']}/cancel`, { token, body: {} }))
      await closing()
      assert.deepEqual(all(), [ofCancelled])
      const line = { order_id: paid['order_id'], item: 1, minor: 1999 }
      assert.equal((await tell({ say: 'paid', id: 'shop-close', uid, lines: [line] }))['order_status'], 'completed')
      clock.moveMs(31 * MINUTE_MS)
      shop.says.close = 'channel_unavailable'
      await closing()
      assert.deepEqual(all(), [ofCancelled, ofEnded], 'nothing is left to close of one that was paid')
      assert.equal((await checkoutRow(ended['order_id'])).state, 'open')
      shop.says.close = 'closed'
      await closing()
      assert.equal(all().length, 2, 'one that could not be reached is asked again later')
      clock.moveMs(MINUTE_MS)
      await closing()
      assert.deepEqual(all(), [ofCancelled, ofEnded, ofEnded])
      for (const { order_id: orderId } of [ended, cancelled, paid]) {
        const { state, answer } = await checkoutRow(orderId)
        assert.deepEqual([state, answer], ['closed', '{"kind":"external"}'], 'no address and no token of it is kept')
      }
      await assertBooks(on.app)
    })

    test('the checkout of an order that is given up while it is being opened is closed at the next run', async () => {
      await closeAllBefore()
      const { token } = await on.app.logIn('shop-hasty')
      shop.meanwhile = (orderId) => on.app.call('POST', `/api/v1/orders/${orderId}/cancel`, { token, body: {} })
      const order = await createOrder(on.app, token, { payment_channel: 'shop' })
      shop.meanwhile = null
      assert.equal((await orderRow(on.app, order['order_id']))?.status, 'cancelled')
      await closing()
      assert.equal(closedOf(order as { order_id: string }).length, 1)
    })

    test('a platform that does not answer is asked once a run, and no checkout of another waits behind its own', async () => {
      await closeAllBefore()
      const names = ['shop-away-1', 'shop-away-2']
      const [one, two] = await Promise.all(names.map((name) => on.app.logIn(name)))
      for (const { token } of [one, two] as { token: string }[]) {
        for (let n = 0; n < 12; n++) await createOrder(on.app, token, { payment_channel: 'shop' })
      }
      const other = await createOrder(on.app, (one as { token: string }).token, { payment_channel: 'other-shop' })
      clock.moveMs(31 * MINUTE_MS)
      shop.says.close = 'channel_unavailable'
      await closing()
      assert.equal(shop.asked.closed.length, 1)
      assert.deepEqual(otherShop.asked.closed, [`secret-of-${other['order_id']}`])
      shop.says.close = 'closed'
      await closing()
      assert.equal(shop.asked.closed.length, 24, 'the one that was asked for waits for its next attempt')
      clock.moveMs(MINUTE_MS)
      await closing()
      assert.equal(new Set(shop.asked.closed).size, 24)
    })

    test('a platform that never closes a checkout is asked some hours long and then left alone', async () => {
      await closeAllBefore()
      const { token } = await on.app.logIn('shop-stubborn')
      const order = await createOrder(on.app, token, { payment_channel: 'shop' })
      shop.says.close = 'channel_unavailable'
      clearAsked()
      for (let n = 0; n < 15; n++) {
        clock.moveMs(60 * MINUTE_MS)
        await closing()
      }
      shop.says.close = 'closed'
      assert.equal(closedOf(order as { order_id: string }).length, 10)
      assert.equal((await checkoutRow(order['order_id'])).state, 'failed')
    })

    test('several lines of one purchase are an order each, once; one that cannot be granted waits and keeps none from it', async () => {
      const { uid } = await on.app.logIn('shop-cart')
      const lines = [
        { order_id: 'cart-1', item: 1, minor: 1999 },
        { order_id: 'cart-2', item: 2, count: 2, minor: 5998 },
        { order_id: 'cart-3', item: 3, minor: 1 },
      ]
      for (const _ of [1, 2, 3]) {
        const told = await tell({ say: 'paid', id: 'cart', uid, lines })
        assert.deepEqual([told['order_status'], told['refusal']], ['review', 'price_mismatch'])
      }
      assert.equal((await playerRow(on.app, uid)).coins, 1000 + 2 * 2000)
      assert.deepEqual(
        await Promise.all(['cart-1', 'cart-2', 'cart-3'].map(async (id) => (await orderRow(on.app, id))?.status)),
        ['completed', 'completed', 'review'],
      )
      assert.equal((await reviewEntries(on.app, 'cart-3')).length, 1)
      await tell({ say: 'refunded', id: 'cart' })
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      assert.equal((await orderRow(on.app, 'cart-3'))?.status, 'refunded')
      await assertBooks(on.app)
    })

    test('a cart that names one order twice, or an order of somebody else, grants each order once and to its own player', async () => {
      const [buyer, other] = [await on.app.logIn('shop-twice'), await on.app.logIn('shop-robbed')]
      const theirs = await createOrder(on.app, other.token, { payment_channel: 'shop' })
      const lines = ['twice', 'twice', theirs['order_id']].map((order_id) => ({ order_id, item: 1, minor: 1999 }))
      for (const _ of [1, 2]) {
        const told = await tell({ say: 'paid', id: 'twice', uid: buyer.uid, lines })
        assert.deepEqual([told['order_status'], told['refusal']], ['review', 'order_conflict'])
      }
      assert.equal((await playerRow(on.app, buyer.uid)).coins, 1000)
      assert.equal((await playerRow(on.app, other.uid)).coins, 0)
      assert.equal((await orderRow(on.app, theirs['order_id']))?.status, 'pending')
      const entries = [...(await reviewEntries(on.app, 'twice')), ...(await reviewEntries(on.app, theirs['order_id']))]
      assert.deepEqual(
        entries.map(({ reason, state }) => [reason, state]),
        [
          ['duplicate_charge', 'open'],
          ['order_conflict', 'open'],
        ],
      )
      await tell({ say: 'refunded', id: 'twice' })
      assert.equal((await playerRow(on.app, buyer.uid)).coins, 0)
      assert.equal((await orderRow(on.app, theirs['order_id']))?.status, 'pending')
      await assertBooks(on.app)
    })

    test('a refund is a part of what was charged with its tax, told of before its payment too', async () => {
      for (const isFirst of [false, true]) {
        const id = `taxed-${isFirst}`
        const { uid } = await on.app.logIn(id)
        const paid = {
          say: 'paid',
          id,
          uid,
          lines: [{ order_id: id, item: 1, minor: 1999 }],
          charged: 2199,
          tax: 200,
        } as const
        const refunded = { say: 'refunded', id, minor: 1099 } as const
        for (const message of isFirst ? [refunded, paid] : [paid, refunded]) await tell(message)
        // What was charged is what was told of it first.
        for (const message of [{ ...paid, charged: 1099 }, refunded]) await tell(message)
        assert.equal((await playerRow(on.app, uid)).coins, 1000 - 499)
        const row = await on.app.service.database.db
          .selectFrom('payments')
          .innerJoin('payment_lines', 'payment_lines.payment_id', 'payments.payment_id')
          .select(['charged_minor', 'tax_minor', 'discount_minor'])
          .where('order_id', '=', id as never)
          .executeTakeFirstOrThrow()
        assert.deepEqual(row, { charged_minor: 2199, tax_minor: 200, discount_minor: null })
      }
      await assertBooks(on.app)
    })

    test('a platform that has taken the wish for a refund is asked until it says what came of it', async () => {
      const { uid } = await on.app.logIn('shop-pending')
      await tell({ say: 'paid', id: 'shop-pending', uid, lines: [{ order_id: 'shop-pending', item: 1, minor: 1999 }] })
      shop.says.refund = 'refund_pending'
      const desk = {
        ...deskOf(on.app, shop.channel, clock),
        channels: { byInstance: () => shop.channel, forOrder: () => null },
      }
      const asked = { appId: APP_ID as AppId, target: 'shop-pending', amount: null, isReturned: false, by: 'a tester' }
      const intent = await refundPayment(desk, asked)
      assert.ok(intent.ok)
      assert.deepEqual([intent.value.state, intent.value.last_error], ['open', 'refund_pending'])
      for (let n = 0; n < 15; n++) {
        clock.moveMs(61 * MINUTE_MS)
        await carryOutRefunds(desk, new AbortController().signal)
      }
      assert.equal((await playerRow(on.app, uid)).coins, 1000, 'nothing is taken before it is said')
      shop.says.refund = 'done'
      clock.moveMs(61 * MINUTE_MS)
      await carryOutRefunds(desk, new AbortController().signal)
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })
  },
  { channels: [shop.channel, otherShop.channel], clock, jobs: 'by_hand' },
)
