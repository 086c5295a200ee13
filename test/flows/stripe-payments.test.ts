import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries, stateOf, withoutEvidence } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import {
  idsOf,
  LINK,
  metadataOf,
  ROLLED_SECRET,
  STRIPE_CHANNELS,
  type StripePurchase,
  stripeEvent,
  stripeOf,
} from '../support/stripe-events.ts'
import { APP_ID, OTHER_APP_ID } from '../support/test-app.ts'

onEveryEngine(
  (on) => {
    const stripe = stripeOf(on)
    const order = async (name: string): Promise<StripePurchase & { orderId: string }> => {
      const { token, uid } = await on.app.logIn(name)
      const { order_id: orderId, checkout } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      assert.deepEqual(checkout, { kind: 'external' }, 'without a key the studio’s own backend opens the checkout')
      return { tag: name, uid, orderId }
    }
    const status = async (bought: { orderId: string }) => (await orderRow(on.app, bought.orderId))?.status
    const coins = async ({ uid }: { uid: string }) => (await playerRow(on.app, uid)).coins
    const paymentRow = (transactionId: string) =>
      on.app.service.database.db
        .selectFrom('payments')
        .selectAll()
        .where('transaction_id', '=', transactionId)
        .executeTakeFirstOrThrow()

    test('a session that was paid grants its order once, however often Stripe tells of it', async () => {
      const bought = await order('stripe-paid')
      for (const _ of [1, 2, 3]) {
        const told = assertDone(await stripe.tell('checkout.session.completed', bought))
        assert.deepEqual([told.order_id, told.order_status, told.refusal], [bought.orderId, 'completed', null])
      }
      assert.equal(await coins(bought), 1000)
      const { environment, charged_minor: charged } = await paymentRow(idsOf(bought).intent)
      assert.deepEqual([environment, charged], ['live', 1999])
      await assertBooks(on.app)
    })

    test('what Stripe tells of the same money in other words changes nothing more', async () => {
      const bought = await order('stripe-other-words')
      for (const type of ['charge.succeeded', 'payment_intent.succeeded', 'payment_intent.payment_failed']) {
        assert.equal(assertDone(await stripe.tell(type, bought)).order_status, null)
        assert.equal(await status(bought), 'pending')
      }
      assertDone(await stripe.tell('checkout.session.completed', bought))
      const before = withoutEvidence(await stateOf(on.app))
      for (const type of [
        'charge.succeeded',
        'charge.refunded',
        'charge.dispute.updated',
        'charge.dispute.funds_withdrawn',
      ]) {
        assert.equal(assertDone(await stripe.tell(type, bought)).order_status, null)
      }
      assertDone(await stripe.tell('radar.early_fraud_warning.created', bought))
      assertDone(await stripe.send(stripeEvent('charge.succeeded', bought, { event: { type: 'invoice.of.tomorrow' } })))
      assert.deepEqual(withoutEvidence(await stateOf(on.app)), before)
      assert.equal(await status(bought), 'completed')
    })

    test('a method that takes days: nothing is granted before its money is there', async () => {
      const bought = await order('stripe-async')
      const unpaid = { object: { payment_status: 'unpaid', payment_method_types: ['sepa_debit'] } }
      assert.equal(assertDone(await stripe.tell('checkout.session.completed', bought, unpaid)).order_status, null)
      assert.deepEqual([await status(bought), await coins(bought)], ['pending', 0])
      // A status that is to come is no money either.
      const unknown = { object: { payment_status: 'nearly_paid' } }
      assertDone(await stripe.tell('checkout.session.async_payment_succeeded', bought, unknown))
      assert.equal(await status(bought), 'pending')
      const told = assertDone(await stripe.tell('checkout.session.async_payment_succeeded', bought))
      assert.deepEqual([told.order_status, await coins(bought)], ['completed', 1000])
      await assertBooks(on.app)
    })

    test('a payment that failed, or a session that ended, ends its order; money that comes all the same wins', async () => {
      const failed = await order('stripe-failed')
      assert.equal(
        assertDone(await stripe.tell('checkout.session.async_payment_failed', failed)).order_status,
        'failed',
      )
      assert.equal((await orderRow(on.app, failed.orderId))?.error_code, 'ASYNC_PAYMENT_FAILED')
      const expired = await order('stripe-expired')
      assert.equal(assertDone(await stripe.tell('checkout.session.expired', expired)).order_status, 'cancelled')
      for (const bought of [failed, expired]) {
        assert.equal(assertDone(await stripe.tell('checkout.session.completed', bought)).order_status, 'completed')
      }
      await assertBooks(on.app)
    })

    test('a failure that comes late never takes a completed order back', async () => {
      const bought = await order('stripe-late-failure')
      assertDone(await stripe.tell('checkout.session.completed', bought))
      for (const type of [
        'checkout.session.expired',
        'checkout.session.async_payment_failed',
        'payment_intent.payment_failed',
      ]) {
        assertDone(await stripe.tell(type, bought))
        assert.deepEqual([await status(bought), await coins(bought)], ['completed', 1000], type)
      }
      await assertBooks(on.app)
    })

    test('taxes and discounts: the price is what stands before them, and what was charged is kept', async () => {
      const bought = await order('stripe-taxed')
      const object = {
        ...{ amount_subtotal: 1999, amount_total: 1904 },
        total_details: { amount_discount: 400, amount_shipping: 0, amount_tax: 305 },
      }
      assert.equal(
        assertDone(await stripe.tell('checkout.session.completed', bought, { object })).order_status,
        'completed',
      )
      const { charged_minor, tax_minor, discount_minor } = await paymentRow(idsOf(bought).intent)
      assert.deepEqual([charged_minor, tax_minor, discount_minor], [1904, 305, 400])
      // The studio's own price may be one with tax.
      const gross = await order('stripe-gross')
      const withTax = {
        amount_subtotal: 1680,
        amount_total: 1999,
        total_details: { amount_discount: 0, amount_tax: 319 },
      }
      assert.equal(
        assertDone(await stripe.tell('checkout.session.completed', gross, { object: withTax })).order_status,
        'completed',
      )
      await assertBooks(on.app)
    })

    test('a session for nothing, by a coupon of the studio, is a payment by its own name', async () => {
      const bought = await order('stripe-free')
      const object = {
        ...{ payment_status: 'no_payment_required', payment_intent: null, amount_total: 0 },
        total_details: { amount_discount: 1999, amount_shipping: 0, amount_tax: 0 },
      }
      for (const _ of [1, 2]) {
        assert.equal(
          assertDone(await stripe.tell('checkout.session.completed', bought, { object })).order_status,
          'completed',
        )
      }
      assert.equal((await paymentRow(idsOf(bought).session)).charged_minor, 0)
      assert.equal(await coins(bought), 1000)
      assert.equal((await orderRow(on.app, bought.orderId))?.tokens, 20, 'nothing was charged, and so no first charge')
      const paid = { ...bought, tag: 'stripe-free-paid', orderId: 'stripe-free-paid' }
      assertDone(await stripe.tell('checkout.session.completed', paid))
      assert.equal((await orderRow(on.app, paid.orderId))?.tokens, 22)
      await assertBooks(on.app)
    })

    test('a Payment Link sells an item to the player whose number stands in its address', async () => {
      const { uid } = await on.app.logIn('stripe-link')
      const bought = { tag: 'stripe-link', uid, amount: 2999 }
      const object = { metadata: {}, client_reference_id: uid, payment_link: LINK }
      const told = assertDone(await stripe.tell('checkout.session.completed', bought, { object }))
      assert.deepEqual([told.order_id, told.order_status], [`stripe:${idsOf(bought).session}`, 'completed'])
      assert.equal(await coins(bought), 2000)
      // A session of the studio's own, by a sku.
      const other = { ...bought, tag: 'stripe-sku' }
      const bySku = { metadata: { sku: 'gems', player_id: uid }, client_reference_id: 'basket 7' }
      const sold = assertDone(await stripe.tell('checkout.session.completed', other, { object: bySku }))
      assert.deepEqual([sold.order_id, sold.order_status], [`stripe:${idsOf(other).session}`, 'completed'])
      assert.equal(await coins(bought), 4000)
      await assertBooks(on.app)
    })

    test('a PaymentIntent settles by itself where its maker says so', async () => {
      const bought = await order('stripe-intent')
      const object = { metadata: { ...metadataOf(bought), settle_by: 'payment_intent' } }
      for (const _ of [1, 2]) {
        assert.equal(
          assertDone(await stripe.tell('payment_intent.succeeded', bought, { object })).order_status,
          'completed',
        )
      }
      // Should a session tell of it as well, it is the same money.
      assert.equal(assertDone(await stripe.tell('checkout.session.completed', bought)).order_status, 'completed')
      assert.equal(await coins(bought), 1000)
      assert.deepEqual(await reviewEntries(on.app, bought.orderId), [])
      await assertBooks(on.app)
    })

    test('money of the wrong amount, currency, item or player waits for a person, and Stripe need not send it again', async () => {
      const bought = await order('stripe-wrong')
      const { uid: stranger } = await on.app.logIn('stripe-stranger')
      const wrong: [string, StripePurchase][] = [
        ['price_mismatch', { ...bought, tag: 'wrong-amount', amount: 1 }],
        ['price_mismatch', { ...bought, tag: 'wrong-currency', currency: 'jpy' }],
        ['order_conflict', { ...bought, tag: 'wrong-item', itemId: 2, amount: 2999 }],
        ['order_conflict', { ...bought, tag: 'wrong-player', uid: stranger }],
        ['player_not_found', { ...bought, tag: 'nobody', uid: '999999999' }],
      ]
      for (const [refusal, purchase] of wrong) {
        for (const _ of [1, 2]) {
          const told = assertDone(await stripe.tell('checkout.session.completed', purchase))
          assert.deepEqual([told.order_status, told.refusal], ['review', refusal], purchase.tag)
        }
      }
      const unknownItem = { tag: 'wrong-sku', uid: bought.uid }
      const bySku = { metadata: { player_id: bought.uid, sku: 'diamonds' } }
      const told = assertDone(await stripe.tell('checkout.session.completed', unknownItem, { object: bySku }))
      assert.deepEqual([told.order_status, told.refusal], ['review', 'item_not_found'])
      assert.equal(await coins(bought), 0)
      assert.equal((await reviewEntries(on.app, bought.orderId)).length, 5)
      assert.equal(assertDone(await stripe.tell('checkout.session.completed', bought)).order_status, 'completed')
      await assertBooks(on.app)
    })

    test('a second session that was paid for one order is queued for its refund', async () => {
      const bought = await order('stripe-twice')
      assertDone(await stripe.tell('checkout.session.completed', bought))
      assertDone(await stripe.tell('checkout.session.completed', { ...bought, tag: 'stripe-twice-more' }))
      assert.equal(await coins(bought), 1000)
      const entries = await reviewEntries(on.app, bought.orderId)
      assert.deepEqual(
        entries.map(({ reason, state }) => [reason, state]),
        [['duplicate_charge', 'open']],
      )
      await assertBooks(on.app)
    })

    test('currencies without decimals, and with three', async () => {
      const { uid } = await on.app.logIn('stripe-currencies')
      const { db } = on.app.service.database
      for (const [currency, amount, minor] of [
        ['jpy', 3000, 3000],
        ['kwd', 6130, 6130],
        ['isk', 280_000, 2800],
        ['mga', 90_000, 9_000_000],
      ] as const) {
        const bought = { tag: `stripe-${currency}`, uid, amount, currency }
        const told = assertDone(await stripe.tell('checkout.session.completed', bought))
        // No price of ours: it waits in the queue, with its amount as it truly is.
        assert.equal(told.refusal, 'price_mismatch')
        const line = await db
          .selectFrom('payment_lines')
          .selectAll()
          .where('order_id', '=', told.order_id)
          .executeTakeFirstOrThrow()
        assert.deepEqual([line.price_minor, line.currency], [minor, currency.toUpperCase()])
      }
      await assertBooks(on.app)
    })

    test('what an account sells that is no business of this app is kept, and nothing else', async () => {
      const { uid } = await on.app.logIn('stripe-foreign')
      const bought = { tag: 'stripe-foreign', uid }
      const before = withoutEvidence(await stateOf(on.app))
      for (const object of [
        { metadata: { ...metadataOf(bought), app_id: OTHER_APP_ID } },
        { metadata: {}, client_reference_id: 'T-shirt 4711' },
        { metadata: null, client_reference_id: uid },
        { mode: 'subscription', payment_intent: null },
        {
          mode: 'setup',
          amount_total: null,
          amount_subtotal: null,
          currency: null,
          payment_status: 'no_payment_required',
        },
      ]) {
        for (const type of ['checkout.session.completed', 'checkout.session.expired']) {
          const told = assertDone(await stripe.tell(type, bought, { object }))
          assert.deepEqual([told.order_id, told.order_status], [null, null])
        }
      }
      assert.deepEqual(withoutEvidence(await stateOf(on.app)), before)
    })

    test('an endpoint’s secret can be rolled: the old one and the new one both prove', async () => {
      const bought = await order('stripe-rolled')
      const body = stripeEvent('checkout.session.completed', bought)
      assert.equal(assertDone(await stripe.send(body, { secret: ROLLED_SECRET })).order_status, 'completed')
      assert.equal(assertDone(await stripe.send(body)).order_status, 'completed')
    })
  },
  { variables: { CHANNELS: JSON.stringify({ sandbox: { appId: APP_ID }, ...STRIPE_CHANNELS }) } },
)
