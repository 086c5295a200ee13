import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, reviewEntries, setPlayer, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { OTHER_APP_ID, RETURN_URL } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const clock = fakeClock()

onEveryEngine(
  (on) => {
    const pay = async (order: { order_id: string }, uid: string, more: object = {}) => {
      const body = { order_id: order.order_id, uid, item_id: 1, price: 19.99, currency: 'USD', ...more }
      return on.app.call('POST', '/api/v1/payment/success', { token: await on.app.serverToken(), body })
    }
    const cancel = (token: string, orderId: string, body: object = {}) =>
      on.app.call('POST', `/api/v1/orders/${orderId}/cancel`, { token, body })
    const read = (token: string, orderId: string) => on.app.call('GET', `/api/v1/orders/${orderId}`, { token })

    test('an order freezes price and rewards, and says what the client needs to pay', async () => {
      const { token } = await on.app.logIn('orders-new')
      const order = await createOrder(on.app, token, { return_url: `${RETURN_URL}?from=game` })
      assert.match(order.order_id, /^ord_[0-9a-f]{32}$/)
      assert.equal(order.checkout.kind, 'url')
      assert.equal(order.checkout.url, `${on.app.url}/sandbox/checkout/${order.order_id}`)
      assert.equal(order.expires_at, new Date(clock.nowMs() + 30 * MINUTE_MS).toISOString())
      const { order_status, price, currency, coins, tokens, is_first_charge, payment_channel } = order
      assert.deepEqual(
        { order_status, price, currency, coins, tokens, is_first_charge, payment_channel },
        {
          ...{ order_status: 'pending', price: 19.99, currency: 'USD', coins: 1000, tokens: 22 },
          ...{ is_first_charge: false, payment_channel: 'sandbox' },
        },
      )
      assert.equal(assertDone(await read(token, order.order_id)).order_status, 'pending')
      const { data } = assertDone(await on.app.call('GET', '/api/v1/orders/history?status=pending', { token }))
      assert.deepEqual([data.length, data[0].order_id], [1, order.order_id])
    })

    test('a pending order is paid as it was frozen', async () => {
      const { token, uid } = await on.app.logIn('orders-paid')
      const order = await createOrder(on.app, token)
      const paid = assertDone(await pay(order, uid, { transaction_id: 'orders-paid' }))
      assert.deepEqual([paid.coins_granted, paid.tokens_granted, paid.is_first_charge], [1000, 22, true])
      assert.equal(assertDone(await read(token, order.order_id)).order_status, 'completed')
      assertRefused(await cancel(token, order.order_id), 409, 'order_not_pending')
      await assertBooks(on.app)
    })

    test('a wrong price for a pending order goes to review', async () => {
      const { token, uid } = await on.app.logIn('orders-price')
      const order = await createOrder(on.app, token)
      assertRefused(await pay(order, uid, { price: 0.01 }), 409, 'price_mismatch')
      assert.equal(assertDone(await read(token, order.order_id)).order_status, 'review')
      assert.equal((await reviewEntries(on.app, order.order_id)).length, 1)
    })

    test('given up, it is cancelled, and may be given up again; its payment still wins', async () => {
      const { token, uid } = await on.app.logIn('orders-cancel')
      const order = await createOrder(on.app, token)
      const gone = assertDone(await cancel(token, order.order_id, { reason: 'changed my mind' }))
      assert.deepEqual([gone.order_status, gone.error_code], ['cancelled', 'PAYMENT_CANCELLED'])
      assert.equal(assertDone(await cancel(token, order.order_id)).order_status, 'cancelled')
      assert.equal((await orderRow(on.app, order.order_id))?.state_version, 2)
      assert.equal(assertDone(await pay(order, uid)).order_status, 'completed')
      await assertBooks(on.app)
    })

    test('after half an hour it expires by itself; a late success wins', async () => {
      const { token, uid } = await on.app.logIn('orders-late')
      const order = await createOrder(on.app, token)
      const kept = await createOrder(on.app, token)
      assertDone(await pay(kept, uid, { transaction_id: 'orders-late-kept' }))
      clock.moveMs(30 * MINUTE_MS - 1)
      await on.app.service.jobs.run('expire-orders')
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
      clock.moveMs(1)
      assert.ok((await on.app.service.jobs.run('expire-orders')) >= 1)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'expired')
      assert.equal((await orderRow(on.app, kept.order_id))?.status, 'completed')
      assert.equal(await on.app.service.jobs.run('expire-orders'), 0)
      assertRefused(await cancel(token, order.order_id), 409, 'order_not_pending')
      assert.equal(assertDone(await pay(order, uid, { transaction_id: 'orders-late' })).order_status, 'completed')
      await assertBooks(on.app)
    })

    test('a declined card leaves it failed, a late failure leaves it completed', async () => {
      const { token, uid } = await on.app.logIn('orders-declined')
      const order = await createOrder(on.app, token)
      const server = await on.app.serverToken()
      const body = { order_id: order.order_id, uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' }
      const fail = () => on.app.call('POST', '/api/v1/payment/failure', { token: server, body })
      assert.equal(assertDone(await fail()).order_status, 'failed')
      assert.equal(assertDone(await pay(order, uid)).order_status, 'completed')
      assert.equal(assertDone(await fail()).order_status, 'completed')
      await assertBooks(on.app)
    })

    test('what cannot be bought is refused, and no order is made', async () => {
      const player = await on.app.logIn('orders-refused')
      const { token } = player
      const before = await stateOf(on.app)
      const order = (fields: object) =>
        on.app.call('POST', '/api/v1/orders', { token, body: { item_id: 1, payment_channel: 'sandbox', ...fields } })
      for (const [item_id, code] of [
        [99, 'item_not_found'],
        [7, 'item_locked'],
      ]) {
        assert.deepEqual(
          [(await order({ item_id })).body.error, (await order({ item_id })).body.action],
          [code, 'show_message'],
        )
      }
      assertFaults(await order({ item_id: 0, payment_channel: 5 }), 'item_id', 'payment_channel')
      for (const return_url of [
        'https://evil.example.com/paid',
        `${RETURN_URL}#x`,
        'https://a@shop.example.com/paid',
        `${RETURN_URL}/..%2f`,
        'javascript:alert(1)',
        ` ${RETURN_URL}`,
        `${RETURN_URL}\n`,
        'https:\\\\shop.example.com/paid',
        `${RETURN_URL}?x=\u0000`,
        'no url',
      ]) {
        assertFaults(await order({ return_url }), 'return_url')
      }
      assert.deepEqual(await stateOf(on.app), before)
      await setPlayer(on.app, player.uid, { level_hundredths: 9999, coins: 10_000 })
      assert.equal(assertDone(await order({ item_id: 7 })).coins, 60_000)
      await setPlayer(on.app, player.uid, { coins: 0 })
    })

    test('another player’s or another app’s order is not there', async () => {
      const mine = await on.app.logIn('orders-mine')
      const order = await createOrder(on.app, mine.token)
      const other = await on.app.logIn('orders-other')
      const elsewhere = await on.app.logIn('orders-elsewhere', OTHER_APP_ID)
      for (const { token } of [other, elsewhere]) {
        assertRefused(await read(token, order.order_id), 404, 'order_not_found')
        assertRefused(await cancel(token, order.order_id), 404, 'order_not_found')
        const check = await on.app.call('POST', `/api/v1/orders/${order.order_id}/check`, { token })
        assertRefused(check, 404, 'order_not_found')
      }
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
    })

    test('a signed partner and the game’s own server take payments of their own: nothing to open', async () => {
      const { token } = await on.app.logIn('orders-external')
      for (const payment_channel of ['signed', 'server']) {
        assert.deepEqual((await createOrder(on.app, token, { payment_channel })).checkout, { kind: 'external' })
      }
    })

    test('the sandbox stands in for a platform that is not set up, under its name', async () => {
      const { token } = await on.app.logIn('orders-stand-in')
      for (const payment_channel of ['stripe', 'appcharge', '__proto__']) {
        const order = await createOrder(on.app, token, { payment_channel })
        assert.deepEqual([order.payment_channel, order.checkout.kind], [payment_channel, 'url'])
      }
      const elsewhere = await on.app.logIn('orders-no-stand-in', OTHER_APP_ID)
      const body = { item_id: 1, payment_channel: 'sandbox' }
      const refused = await on.app.call('POST', '/api/v1/orders', { token: elsewhere.token, body })
      assertFaults(refused, 'payment_channel')
    })

    test('with a key, a retry is the same order', async () => {
      const { token } = await on.app.logIn('orders-key')
      const headers = { 'idempotency-key': 'order-once' }
      const body = { item_id: 1, payment_channel: 'sandbox' }
      const order = () => on.app.call('POST', '/api/v1/orders', { token, body, headers })
      const [first, ...rest] = (await Promise.all([order(), order(), order(), order()])).map(assertDone)
      for (const again of rest) assert.deepEqual(again, first)
      const { data } = assertDone(await on.app.call('GET', '/api/v1/orders/history', { token }))
      assert.equal(data.length, 1)
      clock.moveMs(60 * MINUTE_MS)
      await on.app.service.jobs.run('expire-orders')
      const late = assertDone(await order())
      assert.deepEqual([late.order_id, late.checkout], [first.order_id, null])
      // After a day the answer is swept, and the key is free.
      clock.moveMs(24 * 60 * MINUTE_MS)
      assert.ok((await on.app.service.jobs.run('sweep-idempotency-keys')) >= 1)
      const { token: fresh } = await on.app.logIn('orders-key')
      const next = assertDone(await on.app.call('POST', '/api/v1/orders', { token: fresh, body, headers }))
      assert.notEqual(next.order_id, first.order_id)
    })

    test('twenty wait at most, and the answer says when the next may', async () => {
      const { token } = await on.app.logIn('orders-many')
      for (let n = 0; n < 20; n++) await createOrder(on.app, token)
      clock.moveMs(10 * MINUTE_MS)
      const body = { item_id: 1, payment_channel: 'sandbox' }
      const refused = await on.app.call('POST', '/api/v1/orders', { token, body })
      assertRefused(refused, 429, 'too_many_requests')
      assert.equal(refused.headers.get('retry-after'), String(20 * 60))
      clock.moveMs(20 * MINUTE_MS)
      assertDone(await on.app.call('POST', '/api/v1/orders', { token, body }))
    })
  },
  { clock },
)
