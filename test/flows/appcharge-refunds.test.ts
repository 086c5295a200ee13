import assert from 'node:assert/strict'
import { after, beforeEach, test } from 'node:test'
import { openAppchargeChannel } from '../../src/channels/appcharge/index.ts'
import { loadConfig } from '../../src/config/load.ts'
import { carryOutRefunds, catchUp } from '../../src/features/payments/index.ts'
import { appchargeBody, appchargeChannels, awardOf, eventOf, sendAppcharge } from '../support/appcharge.ts'
import { startAppchargeServer, transactionOf } from '../support/appcharge-server.ts'
import { assertBooks, orderRow, playerRow, reviewEntries, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { approveBy, deskOf, entryOf, refundBy } from '../support/review-desk.ts'

const MINUTE_MS = 60_000
const api = await startAppchargeServer()
const clock = aheadClock()
const CHANNELS = appchargeChannels({}, { apiUrl: api.url })

after(() => api.close())
beforeEach(() => {
  api.answer = null
  api.requests.length = 0
  api.states.clear()
  api.madeAtMs = Date.now()
  api.transactions.length = 0
})

onEveryEngine(
  (on) => {
    let players = 0
    const newcomer = async () => {
      players += 1
      const { uid } = await on.app.logIn(`appcharge-refund-${players}`)
      return { uid, orderId: `rf${players}`, named: `appcharge:rf${players}` }
    }
    const award = (body: unknown) => sendAppcharge(on.app, { callback: 'award', body, how: { nowMs: clock.nowMs() } })
    const calls = () => api.requests.map(({ method, path }) => `${method} ${path}`)
    const coins = async (uid: string) => (await playerRow(on.app, uid)).coins
    const causesOf = async (transactionId: string) => {
      const { db } = on.app.service.database
      const causes = await db
        .selectFrom('payment_reversals')
        .innerJoin('payments', 'payments.payment_id', 'payment_reversals.payment_id')
        .select(['cause', 'state'])
        .where('transaction_id', '=', transactionId)
        .execute()
      return causes.map(({ cause, state }) => `${cause} ${state}`)
    }
    const desk = () => {
      const loaded = loadConfig(on.app.variables)
      assert.ok(loaded.ok)
      const config = loaded.config.channels.find(({ instance }) => instance === 'appcharge')
      assert.ok(config?.type === 'appcharge')
      const channel = openAppchargeChannel(config)
      return { ...deskOf(on.app, {}, clock), channels: { byInstance: () => channel, forOrder: () => null } }
    }

    test('a refund is asked for once, waits until the report says so, and its event changes nothing more', async () => {
      const { uid, orderId, named } = await newcomer()
      await award(awardOf(uid, { orderId }))
      api.states.set(orderId, 'charge_succeed')
      const asked = await refundBy(desk(), named)
      assert.ok(asked.ok)
      const refund = `POST /checkout/api/v1/order/${orderId}/refund`
      assert.deepEqual([...new Set(calls())], ['POST /reporting/reports/orders', refund])
      assert.equal(await coins(uid), 1000, 'it was only taken as a wish')
      const again = async () => {
        clock.moveMs(60 * MINUTE_MS)
        await carryOutRefunds(desk(), new AbortController().signal)
      }
      await again()
      assert.equal(calls().filter((call) => call === refund).length, 1)
      assert.equal(await coins(uid), 1000)
      api.states.set(orderId, 'payment_refunded')
      await again()
      assert.deepEqual([await coins(uid), (await orderRow(on.app, named))?.status], [0, 'refunded'])
      const event = eventOf('order-refunded', { orderId, type: 'refund', changes: { timestamp: clock.nowMs() } })
      await sendAppcharge(on.app, { callback: 'events', body: event, how: { nowMs: clock.nowMs() } })
      assert.deepEqual([await coins(uid), (await orderRow(on.app, named))?.status], [0, 'refunded'])
      assert.equal(calls().filter((call) => call === refund).length, 1)
      assert.deepEqual(await causesOf(orderId), ['refund taken'], 'its event means the same refund')
      await assertBooks(on.app)
    })

    test('a refund whose event comes first is booked once; what Appcharge refuses is told as it is', async () => {
      const { uid, orderId, named } = await newcomer()
      await award(awardOf(uid, { orderId }))
      api.states.set(orderId, 'charge_succeed')
      assert.ok((await refundBy(desk(), named)).ok)
      await sendAppcharge(on.app, {
        callback: 'events',
        body: eventOf('order-refunded', { orderId, type: 'refund' }),
        how: { nowMs: clock.nowMs() },
      })
      assert.equal(await coins(uid), 0)
      api.states.set(orderId, 'payment_refunded')
      clock.moveMs(60 * MINUTE_MS)
      await carryOutRefunds(desk(), new AbortController().signal)
      assert.deepEqual([await coins(uid), await causesOf(orderId)], [0, ['refund taken']])
      const channel = desk().channels.byInstance()
      const wish = { orderId: named as never, idempotencyKey: 'k', nowMs: clock.nowMs(), requestId: 'r', amount: null }
      const refusalOf = async (transactionId: string | null, more: object = {}) => {
        const refunded = await channel.refundPayment?.({ ...wish, transactionId, ...more })
        return refunded && (refunded.ok ? refunded.value.refundId : refunded.refusal.code)
      }
      assert.equal(await refusalOf(orderId), 'refund')
      api.madeAtMs = Date.now() - 400 * 24 * 60 * MINUTE_MS
      assert.equal(await refusalOf(orderId), 'refund', 'an order of a year ago is found as well')
      api.madeAtMs = Date.now()
      assert.equal(await refusalOf('unknown'), 'purchase_not_found')
      assert.equal(await refusalOf(null), 'purchase_not_found')
      assert.equal(await refusalOf(orderId, { amount: { minor: 1, currency: 'USD' } }), 'refund_refused')
      const states = {
        failed: 'payment_refund_failed',
        lost: 'payment_dispute_lost',
        busy: 'payment_refund_requires_action',
      }
      for (const [id, state] of Object.entries(states)) api.states.set(id, state)
      assert.deepEqual(
        [await refusalOf('failed'), await refusalOf('lost'), await refusalOf('busy')],
        ['refund_refused', 'refund_refused', 'refund_pending'],
      )
      const says = (status: number, message: string) => {
        api.answer = ({ path }) => (path.endsWith('/refund') ? { status, body: { message } } : null)
      }
      says(403, 'Forbidden resource')
      assert.equal(await refusalOf('x'), 'refund_refused')
      says(422, 'Failed to initiate a refund request')
      assert.equal(await refusalOf('x'), 'refund_refused')
      says(422, 'A refund of this order is already in progress')
      assert.equal(await refusalOf('x'), 'refund_pending')
      says(401, 'Unauthorized')
      assert.equal(await refusalOf('x'), 'channel_unavailable')
      api.answer = () => 'hang up'
      assert.equal(await refusalOf('x'), 'channel_unavailable')
      await assertBooks(on.app)
    })

    test('an approval asks first whether the money still stands', async () => {
      const { uid, orderId, named } = await newcomer()
      const body = awardOf(uid, { orderId, subTotal: 999, priceInCents: 999, tax: 0 })
      assert.equal((await award(body)).status, 400)
      const { entry_id: entryId } = await entryOf(on.app, named)
      const refusalOf = async () => {
        const approved = await approveBy(desk(), entryId)
        return approved.ok ? 'approved' : approved.refusal.code
      }
      assert.equal(await refusalOf(), 'payment_unproven')
      for (const state of ['payment_refunded', 'payment_refund_pending', 'payment_dispute_lost']) {
        api.states.set(orderId, state)
        assert.equal(await refusalOf(), 'payment_gone')
      }
      api.answer = () => ({ status: 500 })
      assert.equal(await refusalOf(), 'channel_unavailable')
      api.answer = null
      api.states.set(orderId, 'charge_failed')
      assert.equal(await refusalOf(), 'approved')
      const retried = await award({ ...body, awardFlow: 'manual_retry' })
      assert.deepEqual([retried.status, retried.body], [200, { publisherPurchaseId: named }])
      assert.equal(await coins(uid), 1000)
      await assertBooks(on.app)
    })

    test('what never reached us is listed and taken in: purchases of the store, refunds and disputes; the rest is left', async () => {
      const { uid, orderId, named } = await newcomer()
      const { uid: disputer } = await newcomer()
      await award(awardOf(disputer, { orderId: 'listed-disputed' }))
      api.transactions.push(
        transactionOf({ orderId, uid }),
        transactionOf({ orderId: 'listed-gone', uid }),
        transactionOf({ orderId: 'listed-gone', uid, type: 'refund' }),
        transactionOf({ orderId: 'listed-disputed', uid: disputer }),
        transactionOf({ orderId: 'listed-disputed', uid: disputer, type: 'dispute_funds_withdrawn' }),
        transactionOf({ orderId: 'listed-session', uid, offerType: 'CheckoutLink' }),
        transactionOf({ orderId: 'listed-nobody', uid: 'ana' }),
        transactionOf({ orderId: 'listed-nothing', uid, sku: '684044555ed01178ed2c0b3b' }),
        transactionOf({ orderId: 'listed-tomorrow', uid, type: 'a_type_of_tomorrow' }),
        { orderId: 'broken' },
      )
      const ask = async (apply: boolean) => {
        const span = { instance: 'appcharge', fromMs: clock.nowMs() - MINUTE_MS, untilMs: clock.nowMs(), apply }
        const caught = await catchUp(desk() as never, { ...span, progress: () => undefined })
        assert.ok(caught.ok)
        return caught.value
      }
      const before = withoutMarks(await stateOf(on.app))
      const dry = await ask(false)
      assert.deepEqual([dry.listed, dry.notUnderstood], [10, 1])
      assert.deepEqual(withoutMarks(await stateOf(on.app)), before)
      const done = await ask(true)
      assert.deepEqual(
        done.missed.map(({ kind, verdict }) => [kind, verdict]),
        [
          ['payment', 'granted'],
          ['payment', 'granted'],
          ['notice', 'refunded'],
          ['notice', 'disputed'],
        ],
      )
      assert.deepEqual((await ask(true)).missed, [])
      assert.equal(await coins(uid), 1000)
      assert.equal((await orderRow(on.app, 'appcharge:listed-disputed'))?.status, 'disputed')
      assert.deepEqual(await reviewEntries(on.app, named), [])
      const retried = await award(awardOf(uid, { orderId }))
      assert.deepEqual([retried.status, retried.body], [200, { publisherPurchaseId: named }])
      api.transactions.push(
        transactionOf({ orderId: 'listed-disputed', uid: disputer, type: 'dispute_funds_reinstated' }),
      )
      assert.deepEqual(
        (await ask(true)).missed.map(({ kind, verdict }) => [kind, verdict]),
        [['notice', 'dispute_won']],
      )
      assert.equal((await orderRow(on.app, 'appcharge:listed-disputed'))?.status, 'completed')
      const event = appchargeBody('order-refunded', {
        transactions: [{ purchaseId: 'pr_listed-gone', type: 'refund' }],
      })
      await sendAppcharge(on.app, { callback: 'events', body: event, how: { nowMs: clock.nowMs() } })
      assert.deepEqual(await causesOf('listed-gone'), ['refund taken'], 'the event means the refund that was listed')
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS }, clock },
)
