import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertAuditClean } from '../support/audit-run.ts'
import { assertBooks, orderRow, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import {
  type Changes,
  inShort,
  newPurchase,
  paidOrder,
  row,
  tellXsolla,
  XSOLLA_CHANNELS,
  xsollaBody,
  xsollaOlderKey,
} from '../support/xsolla.ts'
import { buy, linesOf, paymentOf, statesOf } from '../support/xsolla-books.ts'

onEveryEngine(
  (on) => {
    const coinsOf = async (uid: string) => (await playerRow(on.app, uid)).coins
    test('an order of the catalogue is granted once, however often and how many at once it is told', async (t) => {
      const { uid } = await on.app.logIn('xsolla-once')
      const bought = newPurchase()
      const body = paidOrder(uid, bought)
      const answers = await Promise.all(Array.from({ length: 20 }, () => tellXsolla(on.app, body)))
      assert.deepEqual(new Set(answers.map(inShort)), new Set(['204']))
      assert.equal(
        inShort(await tellXsolla(on.app, body, { key: xsollaOlderKey('xsolla') })),
        '204',
        'its older key holds too',
      )
      assert.equal(await coinsOf(uid), 1000)
      const order = await orderRow(on.app, `xsolla:${bought.orderId}`)
      assert.deepEqual(
        [order?.status, order?.price_minor, order?.currency, order?.payment_channel, order?.payment_method],
        ['completed', 1999, 'USD', 'xsolla', 'xsolla'],
      )
      const payment = await paymentOf(on.app, `xsolla:${bought.orderId}`)
      assert.deepEqual([payment.transaction_id, payment.environment], [String(bought.transactionId), 'live'])
      await assertBooks(on.app)
      await assertAuditClean(t, on.app.variables)
    })

    test('a combined webhook also says how it was paid; a tax on top is no part of what was bought', async () => {
      const { uid } = await on.app.logIn('xsolla-combined')
      const { orderId, transactionId } = newPurchase()
      const changes = {
        order: { id: orderId, invoice_id: String(transactionId) },
        billing: { transaction: { id: transactionId } },
        user: { external_id: uid },
      }
      assert.equal(inShort(await tellXsolla(on.app, xsollaBody('order-paid-combined', changes))), '204')
      assert.equal(await coinsOf(uid), 1000)
      assert.equal((await orderRow(on.app, `xsolla:${orderId}`))?.payment_method, 'Bank card')
      const payment = await paymentOf(on.app, `xsolla:${orderId}`)
      assert.deepEqual([payment.charged_minor, payment.tax_minor, payment.discount_minor], [1999, 0, 0])
      const within = xsollaBody('order-paid-combined', {
        ...changes,
        order: { id: orderId + 1_000_000, invoice_id: String(transactionId + 1_000_000) },
        billing: {
          transaction: { id: transactionId + 1_000_000 },
          payment_details: { payment: { amount: 19.99 }, vat: { amount: 3.33 }, sales_tax: { amount: 0 } },
        },
      })
      assert.equal(inShort(await tellXsolla(on.app, within)), '204')
      assert.equal((await paymentOf(on.app, `xsolla:${orderId + 1_000_000}`)).tax_minor, 333)
      await assertBooks(on.app)
    })

    test('an order of ours that was paid there is completed as it was frozen', async () => {
      const { token, uid } = await on.app.logIn('xsolla-own')
      const order = await createOrder(on.app, token, { payment_channel: 'xsolla' })
      assert.deepEqual(order.checkout, { kind: 'external' }, 'without an API key the studio opens the checkout')
      const custom_parameters = { order_id: order.order_id }
      assert.equal((await buy(on.app, uid, { custom_parameters })).answer, '204')
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'completed')
      assert.equal((await buy(on.app, uid, { custom_parameters })).answer, '204', 'a second charge is ours to resolve')
      assert.deepEqual(await statesOf(on.app, order.order_id), ['duplicate_charge open'])
      assert.equal(await coinsOf(uid), 1000)
    })

    test("another player's order is not touched, whoever names it", async () => {
      const owner = await on.app.logIn('xsolla-owner')
      const other = await on.app.logIn('xsolla-other')
      const order = await createOrder(on.app, owner.token, { payment_channel: 'xsolla' })
      assert.equal((await buy(on.app, other.uid, { custom_parameters: { order_id: order.order_id } })).answer, '204')
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
      assert.deepEqual(await statesOf(on.app, order.order_id), ['order_conflict open'])
      assert.deepEqual([await coinsOf(owner.uid), await coinsOf(other.uid)], [0, 0])
    })

    test('what stands in place of an order of ours is one of theirs', async () => {
      const { uid } = await on.app.logIn('xsolla-odd-names')
      for (const order_id of ['history', 'with:colon', 'a b', '', 7, null, ['x'], 'x'.repeat(129)]) {
        const { answer, order } = await buy(on.app, uid, { custom_parameters: { order_id } })
        assert.deepEqual(
          [answer, (await orderRow(on.app, order))?.status],
          ['204', 'completed'],
          JSON.stringify(order_id),
        )
      }
    })

    test('money that cannot be granted is kept for a person, or refused where it then goes back by itself', async () => {
      const { uid } = await on.app.logIn('xsolla-refused')
      const order = (amount: string) => ({ items: [row({ sku: 'starter_pack', amount })], order: { amount } })
      const cases: [string, string, Changes, string][] = [
        ['price_mismatch', uid, order('1.00'), '400 INCORRECT_AMOUNT'],
        ['item_not_found', uid, { items: [row({ sku: 'unheard_of', amount: '1.00' })] }, '400 INVALID_PARAMETER'],
        ['item_locked', uid, { items: [row({ sku: '8', amount: '999.99' })] }, '400 INVALID_PARAMETER'],
        ['player_not_found', '999999999', {}, '400 INVALID_USER'],
      ]
      for (const [reason, player, changes, refusal] of cases) {
        const kept = await buy(on.app, player, changes)
        assert.deepEqual([kept.answer, await statesOf(on.app, kept.order)], ['204', [`${reason} open`]])
        const returned = await buy(on.app, player, { ...changes, instance: 'returning' })
        assert.deepEqual([returned.answer, await statesOf(on.app, returned.order)], [refusal, [`${reason} returned`]])
        const again = await tellXsolla(on.app, returned.body, { instance: 'returning' })
        assert.equal(inShort(again), refusal, 'the same is answered the same')
      }
      assert.equal(await coinsOf(uid), 0)
      await assertBooks(on.app)
    })

    test('a free order has no price and no transaction; by our list it waits, by a promotion it is granted', async () => {
      const { uid } = await on.app.logIn('xsolla-free')
      const free = { currency_type: 'unknown', amount: '0', invoice_id: null }
      const items = [row({ sku: 'starter_pack', amount: '0' })]
      const listed = await buy(on.app, uid, { items, order: free })
      assert.deepEqual([listed.answer, await statesOf(on.app, listed.order)], ['204', ['price_mismatch open']])
      const promoted = await buy(on.app, uid, { items, order: { ...free, promocodes: [{ code: 'FREE' }] } })
      assert.equal(promoted.answer, '204')
      assert.equal((await paymentOf(on.app, promoted.order)).transaction_id, `order:${promoted.orderId}`)
      assert.equal(await coinsOf(uid), 1000)
      const canceled = xsollaBody('order-canceled', { order: { id: promoted.orderId, ...free } })
      assert.equal(inShort(await tellXsolla(on.app, canceled)), '204')
      assert.deepEqual([(await orderRow(on.app, promoted.order))?.status, await coinsOf(uid)], ['refunded', 0])
      await assertBooks(on.app)
    })

    test('of the two messages of one payment one grants, whichever comes first', async () => {
      const { uid } = await on.app.logIn('xsolla-separate')
      const bought = newPurchase()
      const payment = xsollaBody('payment', { transaction: { id: bought.transactionId }, user: { id: uid } })
      assert.equal(inShort(await tellXsolla(on.app, payment)), '204')
      assert.equal(await coinsOf(uid), 0, 'the money is told of, and what it was for comes with the order')
      for (const body of [paidOrder(uid, bought), payment]) {
        assert.equal(inShort(await tellXsolla(on.app, body)), '204')
      }
      assert.equal(await coinsOf(uid), 1000)
      for (const body of [paidOrder(uid, bought), payment, payment]) {
        assert.equal(inShort(await tellXsolla(on.app, body, { instance: 'direct' })), '204')
      }
      assert.equal(await coinsOf(uid), 2000, 'another instance is another account')
      assert.equal((await orderRow(on.app, `direct:${bought.transactionId}`))?.payment_method, 'Wallet')
      await assertBooks(on.app)
    })

    test('a project without a catalogue sells items by name, or a checkout of an order', async () => {
      const { token, uid } = await on.app.logIn('xsolla-direct')
      const order = await createOrder(on.app, token, { payment_channel: 'direct', item_id: 2 })
      const pay = async (changes: Changes) => {
        const { transactionId } = newPurchase()
        const body = xsollaBody('payment', { transaction: { id: transactionId }, user: { id: uid }, ...changes })
        assert.equal(inShort(await tellXsolla(on.app, body, { instance: 'direct' })), '204')
        return await linesOf(on.app, transactionId)
      }
      const checkout = {
        purchase: { virtual_items: undefined, checkout: {}, total: { currency: 'USD', amount: '29.99' } },
      }
      const custom_parameters = { order_id: order.order_id, item_id: 'growth_pack' }
      assert.deepEqual(await pay({ ...checkout, custom_parameters }), [`${order.order_id} 2x1 2999 USD granted`])
      const [unnamed] = await pay(checkout)
      assert.match(unnamed ?? '', / 2147483647x1 2999 USD item_not_found$/)
      const two = [
        { sku: 'starter_pack', amount: 1 },
        { sku: 'growth_pack', amount: 1 },
      ]
      const total = { currency: 'USD', amount: 49.98 }
      const several = await pay({ purchase: { virtual_items: { items: two }, total } })
      assert.deepEqual(
        several.map((line) => line.split(' ').slice(1).join(' ')),
        ['1x1 4998 USD price_mismatch', '2x1 0 USD price_mismatch'],
        'what each of them cost is not told',
      )
      assert.equal(await coinsOf(uid), 2000)
      await assertBooks(on.app)
    })

    test('sandbox money is another payment than real money of the same number', async () => {
      const { uid } = await on.app.logIn('xsolla-sandbox')
      const bought = newPurchase()
      const sandbox = paidOrder(uid, bought, { order: { mode: 'sandbox' } })
      const dry = paidOrder(uid, bought, { billing: { transaction: { id: bought.transactionId, dry_run: 1 } } })
      for (const body of [sandbox, dry]) assert.equal(inShort(await tellXsolla(on.app, body)), '204')
      assert.equal((await orderRow(on.app, `xsolla:${bought.orderId}`))?.environment, 'test')
      assert.equal(await coinsOf(uid), 1000)
      await assertBooks(on.app)
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS } },
)
