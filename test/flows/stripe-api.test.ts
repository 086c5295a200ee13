import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { MessageSpan } from '../../src/channels/channel.ts'
import { openStripeChannel } from '../../src/channels/stripe/index.ts'
import { carryOutRefunds } from '../../src/features/payments/index.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { approveBy, deskOf, entryOf, refundBy } from '../support/review-desk.ts'
import { callingOut, idsOf, type StripePurchase, stripeEvent, stripeOf } from '../support/stripe-events.ts'
import { startStripeServer } from '../support/stripe-server.ts'
import { APP_ID } from '../support/test-app.ts'

const server = await startStripeServer()
after(() => server.close())
const settings = callingOut(server.url)
const clock = aheadClock()
const channel = openStripeChannel(
  { instance: 'stripe', priceRule: 'catalogue', items: {}, ...settings, appId: APP_ID as AppId },
  { timeoutMs: 100 },
)
const question = { nowMs: 0, requestId: 'asked' }

onEveryEngine(
  (on) => {
    const stripe = stripeOf(on)
    type Bought = StripePurchase & { orderId: string }
    /** Paid, known at Stripe, and at the desk of the review queue. */
    const buy = async (name: string, amount = 1999): Promise<Bought> => {
      const { token, uid } = await on.app.logIn(name)
      const { order_id: orderId } = await createOrder(on.app, token, { payment_channel: 'stripe' })
      const bought = { tag: `${name}${on.app.url.slice(-5)}`, uid, orderId, amount }
      assertDone(await tell('checkout.session.completed', bought))
      const { intent: id, charge } = idsOf(bought)
      const latest_charge = { id: charge, object: 'charge', refunded: false, disputed: false }
      const intent = { id, object: 'payment_intent', status: 'succeeded', amount_received: amount, currency: 'usd' }
      server.intents.set(id, { ...intent, latest_charge })
      return bought
    }
    const tell = (type: string, bought: Bought, object: Record<string, unknown> = {}) =>
      stripe.send(stripeEvent(type, bought, { object }), { atMs: clock.nowMs() })
    const desk = () => deskWith(channel)
    const deskWith = (asked: typeof channel) => {
      const { channels, ...deps } = deskOf(on.app, {}, clock)
      return { ...deps, channels: { ...channels, byInstance: () => asked } }
    }
    const stands = async ({ orderId, uid }: Bought) =>
      `${(await orderRow(on.app, orderId))?.status} ${(await playerRow(on.app, uid)).coins}`
    const refundsOf = (bought: Bought) =>
      [...server.refunds.values()].filter((refund) => refund['payment_intent'] === idsOf(bought).intent)
    const callsSince = (from: number) => server.calls.slice(from).map(({ method, path }) => `${method} ${path}`)

    test('a refund is asked for once, booked by its own id, and Stripe’s own word of it changes nothing more', async () => {
      const bought = await buy('api-refund')
      const from = server.calls.length
      const made = await refundBy(desk(), bought.orderId)
      assert.equal(made.ok && made.value.state, 'done')
      assert.equal(await stands(bought), 'refunded 0')
      const [refund] = refundsOf(bought)
      assert.deepEqual(callsSince(from), ['GET /v1/refunds', 'POST /v1/refunds'])
      const call = server.calls.at(-1)
      assert.equal(call?.idempotencyKey, `refund:${made.ok && made.value.idempotency_key}`)
      assert.deepEqual(call?.form, {
        payment_intent: idsOf(bought).intent,
        'metadata[refund_key]': made.ok && made.value.idempotency_key,
      })
      assert.equal(made.ok && made.value.refund_id, refund?.['id'])
      for (const type of ['refund.created', 'refund.updated']) assertDone(await tell(type, bought, refund))
      assert.equal(await stands(bought), 'refunded 0')
      // Should it fail at the bank later on, everything is given back.
      const object = { ...refund, status: 'failed' }
      const failed = stripeEvent('refund.failed', bought, { object, event: { created: 1_767_600_000 } })
      assertDone(await stripe.send(failed, { atMs: clock.nowMs() }))
      assert.equal(await stands(bought), 'completed 1000')
      await assertBooks(on.app)
    })

    test('a part is asked for in Stripe’s units', async () => {
      const bought = await buy('api-part')
      const made = await refundBy(desk(), bought.orderId, { amount: '9.99' })
      assert.equal(made.ok && made.value.state, 'done')
      assert.equal(server.calls.at(-1)?.form['amount'], '999')
      assert.equal(await stands(bought), 'completed 501')
      await assertBooks(on.app)
    })

    test('a refund that is on its way is asked after until it has arrived, and made once, also after days', async () => {
      const bought = await buy('api-pending')
      server.refundStatus = 'pending'
      const made = await refundBy(desk(), bought.orderId, { amount: '5' })
      server.refundStatus = 'succeeded'
      assert.deepEqual(made.ok && [made.value.state, made.value.last_error], ['open', 'refund_pending'])
      assert.equal(await stands(bought), 'completed 1000')
      const again = async () => {
        clock.moveMs(24 * 3_600_000)
        await carryOutRefunds(desk(), new AbortController().signal)
      }
      // By now Stripe has forgotten the key.
      server.forgetKeys()
      await again()
      assert.equal(await stands(bought), 'completed 1000')
      const [refund, ...more] = refundsOf(bought)
      assert.deepEqual([refund?.['amount'], more.length], [500, 0])
      Object.assign(refund ?? {}, { status: 'succeeded' })
      await again()
      assert.equal(await stands(bought), 'completed 750')
      assert.equal(refundsOf(bought).length, 1)
      await assertBooks(on.app)
    })

    test('an answer that was lost is asked for again, and nothing is given back twice', async () => {
      const bought = await buy('api-lost')
      // The look before, then twice an answer that never arrives: the library tries once more by itself.
      server.mishaps.push(null, 'lost', 'lost')
      const made = await refundBy(desk(), bought.orderId, { amount: '5' })
      assert.deepEqual(made.ok && [made.value.state, made.value.last_error], ['open', 'channel_unavailable'])
      clock.moveMs(60_000)
      await carryOutRefunds(desk(), new AbortController().signal)
      assert.equal(refundsOf(bought).length, 1)
      assert.equal(await stands(bought), 'completed 750')
      await assertBooks(on.app)
    })

    test('what Stripe will never give back is refused, and what it may give back later is asked for again', async () => {
      const error = (code: string) => ({ status: 400, error: { type: 'invalid_request_error', code, message: 'No' } })
      const refused = { charge_already_refunded: 'refund_refused', charge_disputed: 'refund_refused' }
      const passing = { balance_insufficient: 'channel_unavailable', lock_timeout: 'channel_unavailable' }
      for (const [code, expected] of Object.entries({
        ...refused,
        ...passing,
        resource_missing: 'purchase_not_found',
      })) {
        server.mishaps.push(null, error(code))
        const told = await channel.refundPayment?.({
          ...{ transactionId: 'pi_any', orderId: 'any' as never, amount: null, idempotencyKey: code, ...question },
        })
        assert.equal(told?.ok === false && told.refusal.code, expected, code)
      }
      server.refundStatus = 'failed'
      const bought = await buy('api-failed')
      const made = await refundBy(desk(), bought.orderId)
      server.refundStatus = 'succeeded'
      assert.deepEqual(made.ok && [made.value.state, made.value.last_error], ['refused', 'refund_refused'])
      assert.equal(await stands(bought), 'completed 1000')
      for (const transactionId of [null, 'cs_test_free', 'pi_../refunds', '']) {
        const from = server.calls.length
        const told = await channel.refundPayment?.({
          ...{ transactionId, orderId: 'any' as never, amount: null, idempotencyKey: 'k', ...question },
        })
        assert.equal(told?.ok === false && told.refusal.code, 'purchase_not_found')
        assert.deepEqual(callsSince(from), [])
      }
    })

    test('nothing is approved whose money is gone, or held by a dispute', async () => {
      const bought = await buy('api-standing', 1)
      const { intent } = idsOf(bought)
      const { entry_id: entryId } = await entryOf(on.app, bought.orderId)
      const charge = server.intents.get(intent)?.['latest_charge'] as Record<string, unknown>
      const asked = async () => {
        const told = await channel.lookUpStanding?.({ transactionId: intent, orderId: 'any' as never, ...question })
        return told?.ok ? told.value : told?.refusal.code
      }
      charge['refunded'] = true
      assert.equal(await asked(), 'gone')
      const refused = await approveBy(desk(), entryId)
      assert.equal(refused.ok ? '' : refused.refusal.code, 'payment_gone')
      Object.assign(charge, { refunded: false, disputed: true })
      const dispute: Record<string, unknown> = { id: 'du_1', object: 'dispute', payment_intent: intent }
      server.disputes.splice(0, server.disputes.length, dispute)
      for (const [status, expected] of Object.entries({
        ...{ needs_response: 'gone', under_review: 'gone', lost: 'gone', some_new_one: 'gone' },
        ...{ won: 'stands', prevented: 'stands', warning_closed: 'stands', warning_needs_response: 'stands' },
      })) {
        dispute['status'] = status
        assert.equal(await asked(), expected, status)
      }
      server.mishaps.push('hang', 'hang')
      assert.equal(await asked(), 'channel_unavailable')
      server.mishaps.push({ status: 404, error: { type: 'invalid_request_error', code: 'resource_missing' } })
      assert.equal(await asked(), 'unknown')
      assert.equal((await approveBy(desk(), entryId)).ok, true)
      assert.equal(await stands(bought), 'completed 1000')
      await assertBooks(on.app)
    })

    test('what was told while nobody listened is read from Stripe’s list, page by page, and settles', async () => {
      const { uid } = await on.app.logIn('api-list')
      const bought = { tag: `apilist${on.app.url.slice(-5)}`, uid, orderId: 'api-list' }
      const event = (type: string, created: number) =>
        JSON.parse(stripeEvent(type, bought, { event: { created } })) as Record<string, unknown>
      const [first, last] = [1_767_400_000, 1_767_400_200]
      const told = [
        event('refund.created', last),
        ...Array.from({ length: 150 }, (_, no) => event('checkout.session.expired', last - 1 - no)),
        event('checkout.session.completed', first + 1),
        event('charge.succeeded', first + 1),
        event('checkout.session.completed', first - 1),
      ]
      server.events.splice(0, server.events.length, ...told)
      const kinds: string[] = []
      let cursor: string | null = null
      do {
        const span: MessageSpan = { fromMs: first * 1000, untilMs: last * 1000, cursor }
        const page = await channel.listMessages?.({ ...span, ...question })
        assert.ok(page?.ok)
        for (const message of page.value.messages) kinds.push(message.kind)
        cursor = page.value.nextCursor
      } while (cursor !== null)
      assert.deepEqual(kinds, ['notice', ...Array(150).fill('failure'), 'payment'])
      assert.equal(server.calls.at(-1)?.form['limit'], '100')
      server.mishaps.push('hang', 'hang')
      const away = await channel.listMessages?.({ fromMs: 0, untilMs: 1, cursor: null, ...question })
      assert.equal(away?.ok === false && away.refusal.code, 'channel_unavailable')
    })
  },
  { clock, variables: { CHANNELS: JSON.stringify({ sandbox: { appId: APP_ID }, stripe: settings }) } },
)
