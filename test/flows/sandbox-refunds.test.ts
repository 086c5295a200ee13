import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openSandboxChannel } from '../../src/channels/sandbox/index.ts'
import type { AppId, OrderId } from '../../src/kernel/ids.ts'
import { type Money, minorUnits, parseCurrency } from '../../src/kernel/money.ts'
import { openPlayedPlatform } from '../../src/sandbox/platform.ts'
import { assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder, pressButton } from '../support/orders.ts'
import { APP_ID } from '../support/test-app.ts'

// It does not move by itself: everything that is pressed happens in one millisecond.
const clock = fakeClock()

onEveryEngine(
  (on) => {
    const transactionsOf = (page: string) => page.match(/(?<=<code>)sbx_[0-9a-f]{24}/g) ?? []
    const usd = (minor: number): Money => ({
      minor: minorUnits(minor),
      currency: parseCurrency('USD') ?? assert.fail(),
    })
    const question = () => ({ nowMs: clock.nowMs(), requestId: 'req_of_a_test' })
    /** The channel as the running server has it: both see the same platform. */
    const channel = () => {
      const platform = openPlayedPlatform({ kv: on.app.service.kv, publicUrl: () => on.app.url })
      const source = { appId: APP_ID as AppId, instance: 'sandbox' }
      return openSandboxChannel(source, { platform: platform.forInstance('sandbox'), secret: 'unused' })
    }
    const paidOrder = async (loginId: string) => {
      const { token, uid } = await on.app.logIn(loginId)
      const order = await createOrder(on.app, token)
      const [transactionId = ''] = transactionsOf(await pressButton(order, 'pay'))
      const press = (action: string) => pressButton(order, `purchases/${transactionId}/${action}`)
      const names = { transactionId, orderId: order.order_id as OrderId, ...question() }
      return { order, uid, press, names }
    }
    const standing = async (payment: { transactionId: string | null; orderId: OrderId }) => {
      const told = await channel().lookUpStanding?.({ ...payment, ...question() })
      return told?.ok ? told.value : told?.refusal.code
    }
    const refund = async (
      payment: { transactionId: string | null; orderId: OrderId },
      { amount = null, key }: { amount?: Money | null; key: string },
    ) => {
      const told = await channel().refundPayment?.({ ...payment, ...question(), amount, idempotencyKey: key })
      return told?.ok ? told.value : told?.refusal.code
    }

    test('whatever is pressed in one millisecond ends as it was pressed last', async () => {
      const { order, uid, press } = await paidOrder('moment')
      const coins = async () => [(await orderRow(on.app, order.order_id))?.status, (await playerRow(on.app, uid)).coins]
      for (const [action, status, left] of [
        ['refund-half', 'completed', 501],
        ['refund', 'refunded', 0],
        ['reverse-refund', 'completed', 501],
        ['reverse-refund', 'completed', 1000],
        ['open-dispute', 'disputed', 1000],
        ['refund', 'refunded', 0],
        ['studio-wins', 'refunded', 0],
        ['reverse-refund', 'completed', 1000],
        ['open-dispute', 'disputed', 1000],
        ['player-wins', 'refunded', 0],
        ['tell-again', 'refunded', 0],
      ] as const) {
        assert.match(await press(action), /The server answered 200/, action)
        assert.deepEqual(await coins(), [status, left], action)
      }
      await assertBooks(on.app)
    })

    test('each payment of an order has its own refunds: that of the second charge moves no coin', async () => {
      const { token, uid } = await on.app.logIn('two-payments')
      const order = await createOrder(on.app, token)
      const [first, second] = transactionsOf(await pressButton(order, 'pay-twice'))
      await pressButton(order, `purchases/${second}/refund`)
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      assert.deepEqual(
        (await reviewEntries(on.app, order.order_id)).map(({ reason, state }) => [reason, state]),
        [['duplicate_charge', 'refunded']],
      )
      await pressButton(order, `purchases/${first}/refund`)
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('paid too little, the money waits for a person and goes back by a refund', async () => {
      const { token } = await on.app.logIn('too-little')
      const order = await createOrder(on.app, token)
      const page = await pressButton(order, 'pay-short')
      assert.match(page, /19\.98 USD/)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'review')
      await pressButton(order, `purchases/${transactionsOf(page)[0]}/refund`)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'refunded')
      await assertBooks(on.app)
    })

    test('a notice that was lost is told again, also where its payment was lost too', async () => {
      const { token, uid } = await on.app.logIn('all-lost')
      const order = await createOrder(on.app, token)
      const [id] = transactionsOf(await pressButton(order, 'pay-silently'))
      assert.match(await pressButton(order, `purchases/${id}/refund/silently`), /The server was told nothing/)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
      await pressButton(order, `purchases/${id}/tell-again`)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'refunded')
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('a button that can do nothing any more tells nothing, and one that there is not is 404', async () => {
      const { order, press, names } = await paidOrder('stale-page')
      await press('refund')
      for (const stale of ['refund', 'refund-half', 'open-dispute', 'player-wins', 'studio-wins']) {
        assert.match(await press(stale), /The server was told nothing/, stale)
      }
      const place = `/sandbox/checkout/${order.order_id}/purchases`
      for (const path of [
        `${place}/${names.transactionId}/rob`,
        `${place}/sbx_other/refund`,
        `${place}/__proto__/refund`,
        `/sandbox/checkout/ord_none/purchases/${names.transactionId}/refund`,
        `/sandbox/checkout/${order.order_id}/refund`,
      ]) {
        assertRefused(await on.app.call('POST', path, { body: {} }), 404, 'order_not_found')
      }
    })

    test('twenty presses at once give back no more than was paid', async () => {
      const { uid, press, names } = await paidOrder('impatient')
      const pages = await Promise.allSettled(Array.from({ length: 20 }, () => press('refund-half')))
      assert.ok(pages.some((page) => page.status === 'fulfilled'))
      await press('refund')
      const told = await press('tell-again')
      const parts = [...told.matchAll(/&#34;amount_minor&#34;: (\d+),\s+&#34;occurred/g)].map(([, minor]) =>
        Number(minor),
      )
      assert.deepEqual(
        parts.toSorted((a, b) => b - a),
        [999, 999, 1],
      )
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      assert.equal(await standing(names), 'gone')
      await assertBooks(on.app)
    })

    test('the platform says whether a payment still stands', async () => {
      const { press, names } = await paidOrder('standing')
      const byOrder = { ...names, transactionId: null }
      assert.equal(await standing({ ...names, transactionId: 'sbx_nobody' }), 'unknown')
      assert.equal(await standing({ transactionId: null, orderId: 'ord_nobody' as OrderId }), 'unknown')
      for (const [action, told] of [
        ['tell-again', 'stands'],
        ['refund-half/silently', 'stands'],
        ['refund/silently', 'gone'],
        ['reverse-refund/silently', 'stands'],
        ['open-dispute/silently', 'stands'],
        ['player-wins/silently', 'gone'],
      ] as const) {
        await press(action)
        assert.deepEqual([await standing(names), await standing(byOrder)], [told, told], action)
      }
    })

    test('asked for a refund under one key again and again, the platform gives back once', async () => {
      const { order, uid, press, names } = await paidOrder('by-call')
      const first = await refund(names, { key: 'k1', amount: usd(500) })
      assert.ok(first && typeof first === 'object')
      assert.deepEqual(await refund({ ...names, transactionId: null }, { key: 'k1', amount: usd(500) }), first)
      assert.equal(await refund(names, { key: 'k2', amount: usd(1500) }), 'refund_refused')
      const rest = await refund(names, { key: 'k3' })
      assert.ok(rest && typeof rest === 'object')
      assert.ok(rest.occurredAtMs > first.occurredAtMs)
      assert.equal(await refund(names, { key: 'k4' }), 'refund_refused')
      assert.equal(await standing(names), 'gone')
      // What the platform tells by itself is of the same refunds.
      const page = await press('tell-again')
      for (const { refundId } of [first, rest]) assert.ok(page.includes(refundId))
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'refunded')
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('a refund of no payment, or in another currency, is refused', async () => {
      const { names } = await paidOrder('no-refund')
      assert.equal(await refund({ ...names, transactionId: 'sbx_nobody' }, { key: 'n1' }), 'purchase_not_found')
      const euros = { ...usd(1), currency: parseCurrency('EUR') ?? assert.fail() }
      assert.equal(await refund(names, { key: 'n2', amount: euros }), 'refund_refused')
      assert.equal(await refund(names, { key: 'n3', amount: usd(0) }), 'refund_refused')
      assert.equal(await standing(names), 'stands')
    })
  },
  { clock },
)
