import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { idsOf, STRIPE_CHANNELS, type StripePurchase, stripeOf } from '../support/stripe-events.ts'
import { APP_ID } from '../support/test-app.ts'

const CREATED = 1_767_400_000

onEveryEngine(
  (on) => {
    const stripe = stripeOf(on)
    type Bought = StripePurchase & { orderId: string; token: string }
    const buy = async (name: string, { isPaid = true } = {}): Promise<Bought> => {
      const { token, uid } = await on.app.logIn(name)
      const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      const bought = { tag: name, uid, orderId, token }
      if (isPaid) assertDone(await stripe.tell('checkout.session.completed', bought))
      return bought
    }
    const stands = async ({ orderId, uid }: Bought) => {
      const order = await orderRow(on.app, orderId)
      return `${order?.status} ${(await playerRow(on.app, uid)).coins}`
    }
    let later = 0
    /** Each later than the one before, unless a test says when. */
    const tell = async (type: string, bought: Bought, object: Record<string, unknown> = {}, created?: number) => {
      later += 1
      return assertDone(await stripe.tell(type, bought, { object, event: { created: created ?? CREATED + later } }))
    }

    test('a refund takes the grant back, once, in whatever words Stripe tells of it', async () => {
      const bought = await buy('stripe-refund')
      for (const type of [
        'refund.created',
        'charge.refunded',
        'refund.updated',
        'charge.refund.updated',
        'refund.created',
      ]) {
        await tell(type, bought)
        assert.equal(await stands(bought), 'refunded 0', type)
      }
      await assertBooks(on.app)
    })

    test('a refund that is on its way takes nothing, and one that fails gives everything back', async () => {
      const bought = await buy('stripe-refund-pending')
      for (const status of ['pending', 'requires_action', 'a status to come', null]) {
        await tell('refund.created', bought, { status })
        assert.equal(await stands(bought), 'completed 1000', String(status))
      }
      await tell('refund.updated', bought, { status: 'succeeded' })
      assert.equal(await stands(bought), 'refunded 0')
      await tell('refund.failed', bought)
      assert.equal(await stands(bought), 'completed 1000')
      await assertBooks(on.app)
    })

    test('a refund that was cancelled before it was carried out changes nothing', async () => {
      const bought = await buy('stripe-refund-canceled')
      await tell('refund.updated', bought, { status: 'canceled' })
      assert.equal(await stands(bought), 'completed 1000')
      await assertBooks(on.app)
    })

    test('parts of what was charged take their share, and the last one takes the rest', async () => {
      const bought = await buy('stripe-refund-parts')
      await tell('refund.created', bought, { id: 're_part1', amount: 999 })
      assert.equal(await stands(bought), 'completed 501')
      await tell('refund.updated', bought, { id: 're_part1', amount: 999 })
      assert.equal(await stands(bought), 'completed 501')
      await tell('refund.created', bought, { id: 're_part2', amount: 1000 })
      assert.equal(await stands(bought), 'refunded 0')
      await assertBooks(on.app)
    })

    test('with taxes and a discount, all of it is what was charged', async () => {
      const bought = await buy('stripe-refund-taxed', { isPaid: false })
      const object = { amount_total: 1904, total_details: { amount_discount: 400, amount_tax: 305 } }
      assertDone(await stripe.tell('checkout.session.completed', bought, { object }))
      await tell('refund.created', bought, { amount: 952 })
      assert.equal(await stands(bought), 'completed 500')
      await tell('refund.created', bought, { id: 're_rest', amount: 952 })
      assert.equal(await stands(bought), 'refunded 0')
      await assertBooks(on.app)
    })

    test('a refund that is told of before its payment leaves nothing to grant, by whichever id it names the payment', async () => {
      const bought = await buy('stripe-refund-first', { isPaid: false })
      assert.equal((await tell('refund.created', bought)).order_id, null)
      assert.equal(await stands(bought), 'pending 0')
      assertDone(await stripe.tell('checkout.session.completed', bought))
      assert.equal(await stands(bought), 'refunded 0')
      const byCharge = await buy('stripe-charge-only')
      // The dispute names both; from then on the charge alone will do.
      await tell('charge.dispute.created', byCharge)
      await tell('charge.dispute.closed', byCharge, { payment_intent: null, status: 'won' })
      assert.equal(await stands(byCharge), 'completed 1000')
      await tell('refund.created', byCharge, { payment_intent: null })
      assert.equal(await stands(byCharge), 'refunded 0')
      await assertBooks(on.app)
    })

    test('a dispute freezes, and is lost or won, also when its end is told of first', async () => {
      const lost = await buy('stripe-dispute-lost')
      await tell('charge.dispute.created', lost)
      assert.equal(await stands(lost), 'disputed 1000')
      const refusal = await on.app.call('POST', '/api/v1/orders', {
        token: lost.token,
        body: { item_id: 1, payment_channel: 'stripe' },
      })
      assert.equal(refusal.body.error, 'player_disputed')
      await tell('charge.dispute.updated', lost)
      await tell('charge.dispute.funds_withdrawn', lost)
      assert.equal(await stands(lost), 'disputed 1000')
      await tell('charge.dispute.closed', lost)
      assert.equal(await stands(lost), 'refunded 0')
      for (const status of ['won', 'warning_closed', 'prevented']) {
        const won = await buy(`stripe-dispute-${status}`)
        await tell('charge.dispute.closed', won, { status })
        await tell('charge.dispute.created', won, {}, CREATED)
        assert.equal(await stands(won), 'completed 1000', status)
      }
      const open = await buy('stripe-dispute-unknown')
      await tell('charge.dispute.created', open)
      await tell('charge.dispute.closed', open, { status: 'decided_in_some_new_way' })
      assert.equal(await stands(open), 'disputed 1000')
      await assertBooks(on.app)
    })

    test('what happened later counts, whichever is told of first', async () => {
      const bought = await buy('stripe-dispute-later')
      // The bank turned its decision, and its last word is the first that is heard.
      await tell('charge.dispute.closed', bought, { status: 'lost' }, CREATED + 9_000)
      await tell('charge.dispute.closed', bought, { status: 'won' }, CREATED + 8_000)
      assert.equal(await stands(bought), 'refunded 0')
      await tell('charge.dispute.closed', bought, { status: 'won' }, CREATED + 10_000)
      assert.equal(await stands(bought), 'completed 1000')
      await assertBooks(on.app)
    })

    test('a dispute and then a refund: what is gone is gone once, and a dispute that is won gives nothing back', async () => {
      const bought = await buy('stripe-dispute-refund')
      await tell('charge.dispute.created', bought)
      await tell('refund.created', bought)
      assert.equal(await stands(bought), 'refunded 0')
      await tell('charge.dispute.closed', bought, { status: 'won' })
      assert.equal(await stands(bought), 'refunded 0')
      await assertBooks(on.app)
    })

    test('a refund in another currency than was charged waits for a person', async () => {
      const bought = await buy('stripe-refund-currency')
      await tell('refund.created', bought, { amount: 500, currency: 'eur' })
      assert.equal(await stands(bought), 'completed 1000')
      await assertBooks(on.app)
    })

    test('what goes back of a payment that is no business of ours waits for it, and moves nothing', async () => {
      const foreign = { tag: 'stripe-not-ours', uid: '999999999', orderId: 'not-ours', token: '' }
      const told = await tell('refund.created', foreign)
      assert.deepEqual([told.order_id, told.order_status], [null, null])
      const { db } = on.app.service.database
      const named = await db
        .selectFrom('payment_identities')
        .selectAll()
        .where('identity', '=', `txn:${idsOf(foreign).intent}`)
        .execute()
      assert.equal(named.length, 1)
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS: JSON.stringify({ sandbox: { appId: APP_ID }, ...STRIPE_CHANNELS }) } },
)
