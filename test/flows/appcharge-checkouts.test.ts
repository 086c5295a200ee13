import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { appchargeChannels, awardOf, PUBLISHER_TOKEN, sendAppcharge } from '../support/appcharge.ts'
import { type ApiRequest, startAppchargeServer, transactionOf } from '../support/appcharge-server.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { RETURN_URL } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const api = await startAppchargeServer()
const clock = aheadClock()
const CHANNELS = appchargeChannels(
  {
    store: { apiUrl: `${api.url}/` },
    wrong: { apiUrl: api.url, publisherToken: 'not-the-token', checkout: true },
  },
  { apiUrl: api.url, checkout: { returnUrl: 'https://game.example.com/back' }, items: { 'pack.starter': 1 } },
)

after(() => api.close())
beforeEach(() => {
  api.answer = null
  api.requests.length = 0
  api.states.clear()
  api.transactions.length = 0
})

onEveryEngine(
  (on) => {
    let players = 0
    const newcomer = async () => {
      players += 1
      const { token, uid } = await on.app.logIn(`appcharge-checkout-${players}`)
      return { token, uid, orderId: `ck${players}` }
    }
    const order = (token: string, fields: object = {}) =>
      createOrder(on.app, token, { payment_channel: 'appcharge', ...fields })
    const tryOrder = (token: string, instance = 'appcharge') =>
      on.app.call('POST', '/api/v1/orders', { token, body: { item_id: 1, payment_channel: instance } })
    const award = (body: unknown) => sendAppcharge(on.app, { callback: 'award', body, how: { nowMs: clock.nowMs() } })
    const check = (token: string, orderId: string) =>
      on.app.call('POST', `/api/v1/orders/${orderId}/check`, { token, body: {} })
    const calls = () => api.requests.map(({ method, path }) => `${method} ${path}`)
    const coins = async (uid: string) => (await playerRow(on.app, uid)).coins

    test('an order opens a session with the price that it keeps, once, and brings the player back', async () => {
      const { token, uid } = await newcomer()
      const headers = { 'idempotency-key': `session-${uid}` }
      const body = { item_id: 1, payment_channel: 'appcharge', return_url: RETURN_URL }
      const opened = assertDone(await on.app.call('POST', '/api/v1/orders', { token, body, headers }))
      const again = assertDone(await on.app.call('POST', '/api/v1/orders', { token, body, headers }))
      assert.deepEqual(again.checkout, opened.checkout)
      assert.deepEqual(calls(), ['POST /checkout/v1/session'])
      const { purchaseId } = opened.checkout.client
      const [, no] = /^pr_session_(\d+)$/.exec(purchaseId) ?? []
      assert.deepEqual(opened.checkout, {
        kind: 'url',
        url: `${api.url}/pay/${no}#boot=x`,
        client: { checkoutSessionToken: `session-${no}`, purchaseId },
      })
      const [request] = api.requests
      assert.equal(request?.headers['x-publisher-token'], PUBLISHER_TOKEN)
      assert.deepEqual(request?.body, {
        priceDetails: { price: 1999, currency: 'USD' },
        offer: { name: 'Starter Pack', sku: 'pack.starter' },
        items: [{ name: 'Starter Pack', sku: 'pack.starter', quantity: 1 }],
        customer: { id: uid },
        sessionMetadata: { order_id: opened.order_id },
        redirectUrl: RETURN_URL,
      })
      const { body: paid } = api.requests[0] as ApiRequest
      const products = paid.items.map(({ sku, quantity }: Record<string, unknown>) => ({ sku, amount: quantity }))
      const { sku } = paid.offer
      const told = awardOf(uid, { orderId: 'from-session', purchaseId, sku, products })
      const answer = await award({ ...told, sessionMetadata: paid.sessionMetadata })
      assert.deepEqual([answer.status, answer.body], [200, { publisherPurchaseId: opened.order_id }])
      assert.equal(await coins(uid), 1000)
      await order(token)
      assert.equal(api.requests.at(-1)?.body.redirectUrl, 'https://game.example.com/back')
      await assertBooks(on.app)
    })

    test('a store whose checkouts are opened elsewhere is asked for none', async () => {
      const { token } = await newcomer()
      const made = await order(token, { payment_channel: 'store' })
      assert.deepEqual(made.checkout, { kind: 'external' })
      assert.deepEqual(calls(), [])
    })

    test('a player whom Appcharge blocks is told so; what it cannot do now may be tried again', async () => {
      const { token } = await newcomer()
      api.answer = () => ({ status: 403, body: { message: 'Blocked player: see the list.' } })
      const blocked = await tryOrder(token)
      assertRefused(blocked, 403, 'checkout_refused')
      assert.deepEqual(blocked.body.details, [{ path: 'payment_channel', message: 'Blocked player: see the list.' }])
      api.answer = () => ({ status: 400, body: { errorCode: 1, errorMessage: 'x'.repeat(500) } })
      assert.equal((await tryOrder(token)).body.details[0].message.length, 200)
      const session = { checkoutSessionToken: 's', purchaseId: 'p' }
      for (const answer of [
        { status: 500 },
        { status: 429 },
        { status: 302, headers: { location: `${api.url}/elsewhere` } },
        { status: 201, body: { purchaseId: 'p' } },
        { status: 201, body: 'a page' },
        { status: 201, body: { ...session, parsedUrl: 'javascript:alert(1)' } },
        { status: 201, body: { ...session, parsedUrl: 'http://pay.example.com' } },
        'hang up' as const,
      ]) {
        api.answer = () => answer
        const refused = await tryOrder(token)
        assertRefused(refused, 503, 'channel_unavailable')
        assert.doesNotMatch(JSON.stringify(refused.body), new RegExp(PUBLISHER_TOKEN))
      }
      api.answer = null
      assertRefused(await tryOrder(token, 'wrong'), 503, 'channel_unavailable')
    })

    test('a session is closed with its order, and tried again where that fails', async () => {
      const { token } = await newcomer()
      const made = await order(token)
      assertDone(await on.app.call('POST', `/api/v1/orders/${made.order_id}/cancel`, { token, body: {} }))
      api.answer = () => ({ status: 200, body: { isOrderCancelled: false } })
      await on.app.service.jobs.run('close-checkouts')
      api.answer = null
      assert.equal(calls().filter((call) => call === 'POST /checkout/v3/cancel').length, 1)
      clock.moveMs(MINUTE_MS)
      for (const _ of [1, 2]) await on.app.service.jobs.run('close-checkouts')
      assert.equal(calls().filter((call) => call === 'POST /checkout/v3/cancel').length, 2)
      assert.match(String(api.requests.at(-1)?.headers['authorization']), /^Bearer session-\d+$/)
    })

    test('who paid and got nothing asks: the payment is found by its session, and the award that comes late changes nothing', async () => {
      const { token, uid, orderId } = await newcomer()
      const made = await order(token)
      const { purchaseId } = made.checkout.client
      const other = transactionOf({ orderId: 'somebody', uid: '1', purchaseId: 'pr_somebody' })
      api.transactions.push(other, other, { broken: true })
      assert.equal(assertDone(await check(token, made.order_id)).order_status, 'pending')
      api.transactions.push(transactionOf({ orderId, uid, purchaseId, sku: 'pack.starter', offerType: 'CheckoutLink' }))
      clock.moveMs(MINUTE_MS)
      assert.equal(assertDone(await check(token, made.order_id)).order_status, 'completed')
      assert.equal(await coins(uid), 1000)
      const late = awardOf(uid, {
        orderId,
        purchaseId,
        sku: 'pack.starter',
        sessionMetadata: { order_id: made.order_id },
      })
      const answer = await award(late)
      assert.deepEqual([answer.status, answer.body], [200, { publisherPurchaseId: made.order_id }])
      assert.equal(await coins(uid), 1000)
      await assertBooks(on.app)
    })

    test('of an old order no more is read than of a new one', async () => {
      const { token } = await newcomer()
      const made = await order(token)
      clock.moveMs(40 * 24 * 60 * MINUTE_MS)
      await on.app.service.jobs.run('close-checkouts')
      assertDone(await check((await on.app.logIn(`appcharge-checkout-${players}`)).token, made.order_id))
      const { query } = api.requests.at(-1) as ApiRequest
      const [from, until] = ['startDate', 'endDate'].map((name) => Date.parse(query.get(name) ?? ''))
      assert.equal(Number(until) - Number(from), 25 * 60 * MINUTE_MS)
    })

    test('what a transaction does not say is not settled by it: another price, currency or player', async () => {
      const { token, uid, orderId } = await newcomer()
      const made = await order(token)
      const about = { orderId, uid, purchaseId: made.checkout.client.purchaseId }
      for (const row of [
        transactionOf(about, { amount: 999, totalTaxAmount: 0 }),
        transactionOf(about, { amount: 19.99, totalTaxAmount: 0 }),
        transactionOf(about, { amount: 100, totalTaxAmount: 350 }),
        transactionOf(about, { currencyCode: 'EUR' }),
        transactionOf({ ...about, uid: '999999999' }),
        transactionOf({ ...about, type: 'refund' }),
      ]) {
        api.transactions.splice(0, Number.POSITIVE_INFINITY, row)
        clock.moveMs(MINUTE_MS)
        const status = assertDone(await check(token, made.order_id)).order_status
        assert.ok(status === 'pending' || status === 'expired', JSON.stringify(row))
      }
      api.answer = () => ({ status: 503 })
      clock.moveMs(MINUTE_MS)
      assertRefused(await check(token, made.order_id), 503, 'channel_unavailable')
      assert.equal(await coins(uid), 0)
    })
  },
  { variables: { CHANNELS }, clock },
)
