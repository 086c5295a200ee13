import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries, stateOf } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder, pressButton } from '../support/orders.ts'
import { RETURN_URL } from '../support/test-app.ts'

const clock = fakeClock()

onEveryEngine(
  (on) => {
    const status = async (orderId: string) => (await orderRow(on.app, orderId))?.status
    const check = (token: string, orderId: string) => on.app.call('POST', `/api/v1/orders/${orderId}/check`, { token })
    const verify = (token: string, body: object) => on.app.call('POST', '/api/v1/payment/verify', { token, body })
    const transactionOf = (page: string) => /sbx_[0-9a-f]{24}/.exec(page)?.[0] ?? ''

    test('the page shows the order, and its button pays it', async () => {
      const { token, uid } = await on.app.logIn('sandbox-pay')
      const order = await createOrder(on.app, token, { return_url: RETURN_URL })
      const page = await fetch(order.checkout.url)
      const text = await page.text()
      assert.equal(page.status, 200)
      assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'none'/)
      for (const shown of ['19.99 USD', 'Starter Pack', order.order_id, uid, `${RETURN_URL}?order_id=`]) {
        assert.ok(text.includes(shown), shown)
      }
      const after = await pressButton(order, 'pay')
      assert.match(after, /The server answered 200/)
      assert.equal(await status(order.order_id), 'completed')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('paid twice, it is granted once, and the second charge is queued for its refund', async () => {
      const { token, uid } = await on.app.logIn('sandbox-twice')
      const order = await createOrder(on.app, token)
      await pressButton(order, 'pay-twice')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const entries = await reviewEntries(on.app, order.order_id)
      assert.deepEqual(
        entries.map((entry) => entry.reason),
        ['duplicate_charge'],
      )
      await assertBooks(on.app)
    })

    test('declined or given up on the page, the order says so', async () => {
      const { token } = await on.app.logIn('sandbox-decline')
      const [declined, givenUp] = [await createOrder(on.app, token), await createOrder(on.app, token)]
      await pressButton(declined, 'decline')
      await pressButton(givenUp, 'cancel')
      const rows = [await orderRow(on.app, declined.order_id), await orderRow(on.app, givenUp.order_id)]
      assert.deepEqual(
        rows.map((row) => [row?.status, row?.error_code]),
        [
          ['failed', 'CARD_DECLINED'],
          ['cancelled', 'PAYMENT_CANCELLED'],
        ],
      )
    })

    test('a lost notice: the player asks, the platform is asked, and the order is granted', async () => {
      const { token, uid } = await on.app.logIn('sandbox-lost')
      const order = await createOrder(on.app, token)
      const unpaid = assertDone(await check(token, order.order_id))
      assert.equal(unpaid.order_status, 'pending')
      const early = await check(token, order.order_id)
      assertRefused(early, 429, 'too_many_requests')
      assert.equal(early.headers.get('retry-after'), '10')
      await pressButton(order, 'pay-silently')
      assert.equal(await status(order.order_id), 'pending')
      clock.moveMs(10_000)
      const paid = assertDone(await check(token, order.order_id))
      assert.deepEqual([paid.order_status, paid.tokens], ['completed', 22])
      assert.equal(assertDone(await check(token, order.order_id)).order_status, 'completed')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('an expired order that was paid in silence is granted when asked', async () => {
      const { token } = await on.app.logIn('sandbox-expired')
      const order = await createOrder(on.app, token)
      await pressButton(order, 'pay-silently')
      clock.moveMs(31 * 60_000)
      await on.app.service.jobs.run('expire-orders')
      assert.equal(await status(order.order_id), 'expired')
      assert.equal(assertDone(await check(token, order.order_id)).order_status, 'completed')
    })

    test('a purchase on the device is proven with the platform, and granted once', async () => {
      const { token, uid } = await on.app.logIn('sandbox-device')
      const order = await createOrder(on.app, token)
      const transaction_id = transactionOf(await pressButton(order, 'pay-silently'))
      const other = await on.app.logIn('sandbox-thief')
      assertRefused(
        await verify(other.token, { payment_channel: 'sandbox', transaction_id }),
        404,
        'purchase_not_found',
      )
      const granted = assertDone(await verify(token, { payment_channel: 'sandbox', transaction_id }))
      assert.deepEqual([granted.order_id, granted.coins_granted, granted.replayed], [order.order_id, 1000, false])
      assert.equal(assertDone(await verify(token, { payment_channel: 'sandbox', transaction_id })).replayed, true)
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('what no platform confirms is no purchase', async () => {
      const { token } = await on.app.logIn('sandbox-forged')
      const told = { payment_channel: 'sandbox', transaction_id: 'sbx_forged' }
      assertRefused(await verify(token, told), 404, 'purchase_not_found')
      for (const transaction_id of [undefined, 5, '', null, { a: 1 }, 'x'.repeat(600), 'a b', '\u0000']) {
        assertFaults(await verify(token, { ...told, transaction_id }), 'transaction_id')
      }
      assertFaults(await verify(token, { ...told, payment_channel: 'signed' }), 'payment_channel')
      assertFaults(await verify(token, { ...told, payment_channel: 'server' }), 'payment_channel')
      assertRefused(await on.app.call('POST', '/api/v1/payment/verify', { body: told }), 401, 'unauthorized')
    })

    test('a receipt shown a hundred times is no hundred messages, and twenty a minute are asked about', async () => {
      const { token } = await on.app.logIn('sandbox-flood')
      const order = await createOrder(on.app, token)
      const told = {
        payment_channel: 'sandbox',
        transaction_id: transactionOf(await pressButton(order, 'pay-silently')),
      }
      const before = Number((await stateOf(on.app))['payment_events'])
      const answers = []
      for (let n = 0; n < 25; n++) answers.push(await verify(token, told))
      for (const answer of answers.slice(0, 20)) assertDone(answer)
      for (const answer of answers.slice(20)) assertRefused(answer, 429, 'too_many_requests')
      assert.equal(Number((await stateOf(on.app))['payment_events']), before + 1)
      clock.moveMs(60_000)
      assert.equal(assertDone(await verify(token, told)).replayed, true)
    })

    test('an order in review is asked about again without a new message each time', async () => {
      const { token, uid } = await on.app.logIn('sandbox-review')
      const order = await createOrder(on.app, token)
      const server = await on.app.serverToken()
      const wrong = { order_id: order.order_id, uid, item_id: 1, price: 1, currency: 'USD' }
      assertRefused(
        await on.app.call('POST', '/api/v1/payment/success', { token: server, body: wrong }),
        409,
        'price_mismatch',
      )
      await pressButton(order, 'pay-silently')
      assert.equal(assertDone(await check(token, order.order_id)).order_status, 'completed')
      assert.equal((await reviewEntries(on.app, order.order_id)).length, 1)
      await assertBooks(on.app)
    })

    test('a page of no order, and a button that there is not, are 404', async () => {
      const { token } = await on.app.logIn('sandbox-none')
      const order = await createOrder(on.app, token)
      assertRefused(await on.app.call('GET', '/sandbox/checkout/ord_none'), 404, 'order_not_found')
      assertRefused(
        await on.app.call('POST', `/sandbox/checkout/${order.order_id}/rob`, { body: {} }),
        404,
        'order_not_found',
      )
      assert.equal(transactionOf(await (await fetch(order.checkout.url)).text()), '')
    })
  },
  { clock },
)
