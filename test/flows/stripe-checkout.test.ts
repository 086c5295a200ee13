import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { openStripeChannel } from '../../src/channels/stripe/index.ts'
import type { AppId, OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../src/kernel/money.ts'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { callingOut, stripeEvent, stripeOf } from '../support/stripe-events.ts'
import { type Mishap, startStripeServer } from '../support/stripe-server.ts'
import { APP_ID, RETURN_URL } from '../support/test-app.ts'

const HALF_HOUR_MS = 30 * 60_000
const server = await startStripeServer()
after(() => server.close())
const settings = callingOut(server.url)
const clock = aheadClock()
// One that waits for Stripe no longer than a test does.
const instance = { ...settings, appId: APP_ID as AppId, priceRule: 'catalogue', items: {} } as const
const hasty = openStripeChannel({ ...instance, instance: 'hasty' }, { timeoutMs: 100 })
const stranger = openStripeChannel({ ...instance, instance: 'stranger', secretKey: 'rk_test_of_somebody_else' })

onEveryEngine(
  (on) => {
    const stripe = stripeOf(on)
    const order = (token: string, { key, channel = 'stripe' }: { key?: string; channel?: string } = {}) =>
      on.app.call('POST', '/api/v1/orders', {
        ...{ token, body: { item_id: 1, payment_channel: channel } },
        ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
      })
    const sessionOf = (orderId: string) =>
      [...server.sessions.values()].find((session) => session['client_reference_id'] === orderId) ?? {}
    const callsOf = (orderId: string) => server.calls.filter(({ form }) => form['client_reference_id'] === orderId)
    const pay = (orderId: string) =>
      Object.assign(sessionOf(orderId), { status: 'complete', payment_status: 'paid', payment_intent: `pi_${orderId}` })
    const check = (token: string, orderId: string) =>
      on.app.call('POST', `/api/v1/orders/${orderId}/check`, { token, body: {} })

    test('an order opens a session with everything that its events will be known by', async () => {
      const { token, uid } = await on.app.logIn('checkout-open')
      const made = await createOrder(on.app, token, { payment_channel: 'stripe', return_url: 'mygame://paid' })
      const { order_id: orderId, checkout } = made
      assert.deepEqual(checkout, { kind: 'url', url: sessionOf(orderId)['url'] })
      const [call, ...more] = callsOf(orderId)
      assert.ok(call && more.length === 0)
      const metadata = { app_id: APP_ID, order_id: orderId, player_id: uid, item_id: '1', quantity: '1' }
      const named = (name: string) =>
        Object.fromEntries(Object.entries(metadata).map(([key, value]) => [`${name}[${key}]`, value]))
      const ends = Math.ceil((Date.parse(made.expires_at) + HALF_HOUR_MS + 60_000) / 1000)
      assert.deepEqual(call.form, {
        ...{ mode: 'payment', client_reference_id: orderId, expires_at: String(ends) },
        ...{ success_url: 'mygame://paid', cancel_url: 'mygame://paid' },
        ...{ 'line_items[0][quantity]': '1', 'line_items[0][price_data][currency]': 'usd' },
        'line_items[0][price_data][unit_amount]': '1999',
        'line_items[0][price_data][product_data][name]': 'Starter Pack',
        ...named('metadata'),
        ...named('payment_intent_data[metadata]'),
      })
      assert.deepEqual([call.method, call.path], ['POST', '/v1/checkout/sessions'])
      assert.equal(call.idempotencyKey, `order:${orderId}:session`)
      const other = await createOrder(on.app, token, { payment_channel: 'stripe' })
      const [{ form }] = callsOf(other.order_id) as [(typeof server.calls)[number]]
      assert.deepEqual([form['success_url'], form['cancel_url']], [RETURN_URL, RETURN_URL])
    })

    test('an order that is asked for again has one session, also when its first answer was lost', async () => {
      const { token } = await on.app.logIn('checkout-again')
      server.mishaps.push('lost')
      const many = await Promise.all(Array.from({ length: 4 }, () => order(token, { key: 'same' })))
      many.push(await order(token, { key: 'same' }))
      const [first] = many.map(assertDone)
      for (const answer of many) assert.equal(answer.body.checkout.url, first.checkout.url)
      const sessions = [...server.sessions.values()].filter((one) => one['client_reference_id'] === first.order_id)
      assert.equal(sessions.length, 1)
    })

    test('while Stripe is away the order waits, and opens its session once Stripe is back', async () => {
      const { token } = await on.app.logIn('checkout-away')
      const away: Mishap[] = [
        'hang',
        { status: 500, error: { type: 'api_error', message: 'Something went wrong' } },
        { status: 429, error: { type: 'invalid_request_error', code: 'rate_limit', message: 'Too many requests' } },
        { status: 409, error: { type: 'idempotency_error', code: 'idempotency_key_in_use', message: 'Twice at once' } },
      ]
      for (const mishap of away) {
        // The library tries once more by itself.
        server.mishaps.push(mishap, mishap)
        assertRefused(await order(token, { key: 'away', channel: 'hasty' }), 503, 'channel_unavailable')
        server.mishaps.length = 0
      }
      const made = assertDone(await order(token, { key: 'away', channel: 'hasty' }))
      assert.equal(made.checkout.url, sessionOf(made.order_id)['url'])
      assert.equal(made.order_status, 'pending')
    })

    test('a price that Stripe does not take is refused in words; a key that it does not take is a fault of ours', async () => {
      const { token } = await on.app.logIn('checkout-refused')
      const error = { type: 'invalid_request_error', code: 'amount_too_small', message: 'At least 50 cents' }
      server.mishaps.push({ status: 400, error })
      const refused = await order(token)
      assertFaults(refused, 'payment_channel')
      assert.match(refused.body.details[0].message, /amount_too_small/)
      assertRefused(await order(token, { channel: 'stranger' }), 500, 'internal_error')
      server.mishaps.push({ status: 403, error: { type: 'invalid_request_error', message: 'The key may not do this' } })
      assertRefused(await order(token), 500, 'internal_error')
      const asked = server.calls.length
      const told = await hasty.openCheckout({
        ...{
          appId: APP_ID as AppId,
          orderId: 'inexact' as OrderId,
          playerId: 1 as PlayerId,
          itemId: 1,
          itemName: 'Gems',
        },
        ...{ quantity: 1, channelShown: 'hasty', returnUrl: null, expiresAtMs: 0 },
        price: { minor: minorUnits(5_124), currency: parseCurrency('KWD') as never },
      })
      assert.equal(told.ok ? '' : told.refusal.details?.[0]?.path, 'payment_channel')
      assert.equal(server.calls.length, asked, 'Stripe was not asked for what it cannot charge')
    })

    test('a session is closed once its order is over, and one that was paid stays as it is', async () => {
      const { token, uid } = await on.app.logIn('checkout-close')
      const names = ['cancelled', 'ended', 'paid at Stripe', 'settled'] as const
      const orders = new Map<(typeof names)[number], string>()
      for (const name of names) {
        orders.set(name, (await createOrder(on.app, token, { payment_channel: 'stripe' })).order_id)
      }
      const idOf = (name: (typeof names)[number]) => orders.get(name) ?? ''
      const statusOf = (name: (typeof names)[number]) => sessionOf(idOf(name))['status']
      assertDone(await on.app.call('POST', `/api/v1/orders/${idOf('cancelled')}/cancel`, { token, body: {} }))
      pay(idOf('paid at Stripe'))
      const bought = { tag: 'checkout-close', uid, orderId: idOf('settled') }
      assertDone(await stripe.send(stripeEvent('checkout.session.completed', bought), { atMs: clock.nowMs() }))
      await on.app.service.jobs.run('close-checkouts')
      assert.deepEqual(names.map(statusOf), ['expired', 'open', 'complete', 'open'])
      clock.moveMs(HALF_HOUR_MS + 1_000)
      await on.app.service.jobs.run('close-checkouts')
      assert.deepEqual(names.map(statusOf), ['expired', 'expired', 'complete', 'open'])
      const states = await on.app.service.database.db
        .selectFrom('checkouts')
        .select('state')
        .where('order_id', 'in', [...orders.values()] as never[])
        .execute()
      for (const { state } of states) assert.equal(state, 'closed')
      const late = await check(token, idOf('paid at Stripe'))
      assert.equal(assertDone(late)['order_status'], 'completed', 'one that was paid at the last moment is asked for')
    })

    test('a player who paid and got nothing asks, and Stripe is asked whether the session was paid', async () => {
      const { token, uid } = await on.app.logIn('checkout-check')
      const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      assert.equal(assertDone(await check(token, orderId)).order_status, 'pending')
      pay(orderId)
      clock.moveMs(11_000)
      assert.equal(assertDone(await check(token, orderId)).order_status, 'completed')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      // Its event comes after all, and is the same money.
      const session = sessionOf(orderId)
      const bought = { tag: 'checkout-check', uid, orderId }
      const event = stripeEvent('checkout.session.completed', bought, { object: session, event: { livemode: false } })
      assert.equal(assertDone(await stripe.send(event, { atMs: clock.nowMs() })).order_status, 'completed')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const { db } = on.app.service.database
      const payments = await db
        .selectFrom('payment_events')
        .select(['kind', 'verdict', 'environment'])
        .where('order_id', '=', orderId as OrderId)
        .execute()
      const told = payments.map(({ kind, verdict, environment }) => `${kind} ${verdict} ${environment}`)
      assert.deepEqual(told.toSorted(), ['look_up granted test', 'payment replayed test'])
      await assertBooks(on.app)
    })

    test('a session that Stripe does not know, or that was paid for another player, grants nothing', async () => {
      const { token } = await on.app.logIn('checkout-strange')
      const { uid: other } = await on.app.logIn('checkout-other')
      const gone = (await createOrder(on.app, token, { payment_channel: 'stripe' })).order_id
      server.sessions.delete(String(sessionOf(gone)['id']))
      assert.equal(assertDone(await check(token, gone)).order_status, 'pending')
      const swapped = (await createOrder(on.app, token, { payment_channel: 'stripe' })).order_id
      const session = pay(swapped)
      session['metadata'] = { ...(session['metadata'] as object), player_id: other }
      await check(token, swapped)
      assert.equal((await orderRow(on.app, swapped))?.status, 'pending')
      assert.equal((await playerRow(on.app, other)).coins, 0)
      await assertBooks(on.app)
    })
  },
  {
    clock,
    channels: [hasty, stranger],
    variables: { CHANNELS: JSON.stringify({ sandbox: { appId: APP_ID }, stripe: settings }) },
  },
)
