import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { appchargeBody, appchargeChannels, awardOf, sendAppcharge } from '../support/appcharge.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { approveBy, deskOf, entryOf } from '../support/review-desk.ts'
import type { Answer } from '../support/test-app.ts'

const CHANNELS = appchargeChannels(
  {
    'appcharge-local': { priceRule: 'platform', items: { 'pack.growth': 2, 'pack.starter': 1 } },
    'appcharge-sandbox': { environment: 'sandbox' },
  },
  { items: { daily: 1 }, freeOffers: ['daily'] },
)

onEveryEngine(
  (on) => {
    let players = 0
    const newcomer = async () => {
      players += 1
      const orderId = `aw${players}`
      const { token, uid } = await on.app.logIn(`appcharge-award-${players}`)
      return { token, uid, orderId, named: `appcharge:${orderId}` }
    }
    const award = (body: unknown, instance = 'appcharge'): Promise<Answer> =>
      sendAppcharge(on.app, { callback: 'award', body, how: { instance } })
    const wallet = async (uid: string) => {
      const { coins, inbox_tokens: waiting } = await playerRow(on.app, uid)
      return { coins, waiting }
    }
    const assertAwarded = (answer: Answer, orderId: string) => {
      assert.deepEqual([answer.status, answer.body], [200, { publisherPurchaseId: orderId }])
      assert.equal(answer.headers.get('content-type'), 'application/json')
    }
    const assertWaits = async (answer: Answer, { orderId, reason }: { orderId: string; reason: string }) => {
      assert.equal(answer.status, 400, JSON.stringify(answer.body))
      assert.deepEqual(Object.keys(answer.body), ['publisherErrorMessage'])
      assert.deepEqual(
        (await reviewEntries(on.app, orderId)).map((entry) => [entry.reason, entry.state]),
        [[reason, 'open']],
      )
    }

    test('an award of the web store is granted once, and answered the same however often it is sent', async () => {
      const { uid, orderId, named } = await newcomer()
      const body = awardOf(uid, { orderId })
      for (const _ of [1, 2, 3]) assertAwarded(await award(body), named)
      assertAwarded(await award({ ...body, awardFlow: 'manual_retry', playerEmail: 'new@example.com' }), named)
      assert.deepEqual(await wallet(uid), { coins: 1000, waiting: 22 })
      const order = await orderRow(on.app, named)
      assert.deepEqual(
        [order?.status, order?.price_minor, order?.currency, order?.payment_method, order?.environment],
        ['completed', 1999, 'USD', 'card', 'live'],
      )
      await assertBooks(on.app)
    })

    test('two orders are two purchases, whatever else of them is the same', async () => {
      const { uid, orderId, named } = await newcomer()
      const same = { purchaseId: '', appChargePaymentId: '0', receiptId: '0' }
      assertAwarded(await award(awardOf(uid, { orderId, ...same })), named)
      assertAwarded(await award(awardOf(uid, { orderId: `${orderId}-2`, ...same })), `${named}-2`)
      assert.equal((await wallet(uid)).coins, 2000)
      await assertBooks(on.app)
    })

    test('twenty deliveries of one award at once grant it once, and all get the same answer', async () => {
      const { uid, orderId, named } = await newcomer()
      const answers = await Promise.all(Array.from({ length: 20 }, () => award(awardOf(uid, { orderId }))))
      for (const answer of answers) assertAwarded(answer, named)
      assert.deepEqual(await wallet(uid), { coins: 1000, waiting: 22 })
      await assertBooks(on.app)
    })

    test('what was paid for an order of ours completes it: the metadata comes back as an object, or as its text', async () => {
      const { token, uid } = await newcomer()
      const first = await createOrder(on.app, token, { payment_channel: 'appcharge' })
      assert.equal(first.checkout.kind, 'external')
      const second = await createOrder(on.app, token, { payment_channel: 'appcharge', item_id: 2 })
      const metadata = { order_id: first.order_id }
      assertAwarded(await award(awardOf(uid, { orderId: 'mo1', sessionMetadata: metadata })), first.order_id)
      const text = JSON.stringify({ order_id: second.order_id, other: 1 })
      const paid = { orderId: 'mo2', sku: '2', subTotal: 2999, priceInCents: 2999, tax: 0, sessionMetadata: text }
      assertAwarded(await award(awardOf(uid, paid)), second.order_id)
      assert.equal((await orderRow(on.app, first.order_id))?.status, 'completed')
      assert.equal((await orderRow(on.app, second.order_id))?.status, 'completed')
      await assertBooks(on.app)
    })

    test('metadata that is no order of ours names none: the purchase has an order of its own', async () => {
      const { uid } = await newcomer()
      const garbage = [
        '{"order_id',
        '',
        '7',
        'null',
        7,
        null,
        [],
        { order_id: 'ord_1' },
        { order_id: 7 },
        '{"order_id":""}',
      ]
      for (const [no, sessionMetadata] of garbage.entries()) {
        assertAwarded(await award(awardOf(uid, { orderId: `g${no}`, sessionMetadata })), `appcharge:g${no}`)
      }
      await assertBooks(on.app)
    })

    test('the price is read before and with tax, and before a discount, each exactly', async () => {
      const prices = [
        { subTotal: 1999, tax: 0, priceInCents: 1999 },
        { subTotal: 1666, tax: 333, priceInCents: 1999 },
        { subTotal: 1799, tax: 200, priceInCents: 1999, discount: 200 },
        { subTotal: 1499, tax: 0, priceInCents: 1499, discount: 500 },
        { subTotal: 1599, tax: 300, priceInCents: 1899, discount: 100 },
        { subTotal: 1949, tax: 0, priceInCents: 1949, discount: 0.5 },
        { subTotal: 0, tax: 0, priceInCents: 0, discount: 1999 },
        { subTotal: 999, tax: 0, priceInCents: 999, promoCodeName: 'HALF', discountRatePoints: '50' },
        { subTotal: 0, tax: 0, priceInCents: 0, promoCodeName: 'ALL', discount: 1999 },
      ]
      for (const [no, price] of prices.entries()) {
        const { uid } = await newcomer()
        assertAwarded(await award(awardOf(uid, { orderId: `price${no}`, ...price })), `appcharge:price${no}`)
        assert.equal((await wallet(uid)).coins, 1000)
      }
      await assertBooks(on.app)
    })

    test('a price that is not ours waits for a person: Appcharge is told, and after an approval its retry gets the grant', async () => {
      const { uid, orderId, named } = await newcomer()
      const body = awardOf(uid, { orderId, subTotal: 999, tax: 0, priceInCents: 999 })
      for (const _ of [1, 2]) await assertWaits(await award(body), { orderId: named, reason: 'price_mismatch' })
      assert.deepEqual(await wallet(uid), { coins: 0, waiting: 0 })
      const desk = deskOf(on.app, {})
      const approved = await approveBy(desk, (await entryOf(on.app, named)).entry_id, { isStatedPaid: true })
      assert.ok(approved.ok)
      for (const _ of [1, 2]) assertAwarded(await award({ ...body, awardFlow: 'manual_retry' }), named)
      assert.deepEqual(await wallet(uid), { coins: 1000, waiting: 22 })
      await assertBooks(on.app)
    })

    test('an approval to another player answers the order that it made', async () => {
      const { orderId, named } = await newcomer()
      const { uid } = await newcomer()
      const body = awardOf('999999999', { orderId })
      await assertWaits(await award(body), { orderId: named, reason: 'player_not_found' })
      assert.ok(
        (await approveBy(deskOf(on.app, {}), (await entryOf(on.app, named)).entry_id, { uid, isStatedPaid: true })).ok,
      )
      const answer = await award(body)
      assert.equal(answer.status, 200)
      assert.match(answer.body.publisherPurchaseId, /^ord_[0-9a-f]{32}$/)
      assert.deepEqual((await award(body)).body, answer.body)
      assert.equal((await wallet(uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('an item that we do not sell, or not to this player, waits for a person', async () => {
      const products = [{ amount: 5, sku: 'gems', name: 'Gems' }]
      const cases = [
        ['no-sku', { sku: '' }, 'item_not_found'],
        ['a-sku', { sku: 'nothing.of.ours' }, 'item_not_found'],
        ['zero', { sku: '0' }, 'item_not_found'],
        ['gems', { products }, 'item_not_found'],
        ['other-item', { products: [{ amount: 1, sku: '2' }] }, 'item_not_found'],
        ['many', { products: [{ amount: 1001, sku: '1' }] }, 'item_not_found'],
        ['locked', { sku: '7', subTotal: 59999 }, 'item_locked'],
        ['three', { products: [{ amount: 3, sku: '1' }] }, 'price_mismatch'],
      ] as const
      for (const [orderId, changes, reason] of cases) {
        const { uid } = await newcomer()
        const answer = await award(awardOf(uid, { orderId, ...changes }))
        await assertWaits(answer, { orderId: `appcharge:${orderId}`, reason })
        assert.equal((await wallet(uid)).coins, 0)
      }
      await assertBooks(on.app)
    })

    test('an offer of our item several times over is that many, at that many times its price', async () => {
      const { uid, orderId, named } = await newcomer()
      const products = [
        { amount: 2, sku: '1' },
        { amount: 1, sku: '1' },
        { amount: 0, sku: '2' },
      ]
      assertAwarded(await award(awardOf(uid, { orderId, products, subTotal: 5997, priceInCents: 6000, tax: 3 })), named)
      assert.deepEqual(await wallet(uid), { coins: 3000, waiting: 66 })
      assert.equal((await orderRow(on.app, named))?.quantity, 3)
      await assertBooks(on.app)
    })

    test('an offer of several items is an order for each, and together they cost what was paid', async () => {
      const { uid, orderId } = await newcomer()
      const products = [
        { amount: 1, sku: 'pack.starter' },
        { amount: 2, sku: 'pack.growth' },
      ]
      const body = awardOf(uid, { orderId, sku: 'mega', products, subTotal: 1000, priceInCents: 1100, tax: 100 })
      const answer = await award(body, 'appcharge-local')
      assertAwarded(answer, `appcharge-local:${orderId}`)
      assertAwarded(await award(body, 'appcharge-local'), `appcharge-local:${orderId}`)
      assert.equal((await wallet(uid)).coins, 1000 + 2 * 2000)
      const lines = [`appcharge-local:${orderId}`, `appcharge-local:${orderId}:2`].map((id) => orderRow(on.app, id))
      assert.deepEqual(
        (await Promise.all(lines)).map((order) => [order?.item_id, order?.quantity, order?.price_minor]),
        [
          [1, 1, 333],
          [2, 2, 667],
        ],
      )
      await assertBooks(on.app)
    })

    test('by our own list each of several items must cost its share: else all of it waits', async () => {
      const { uid, orderId, named } = await newcomer()
      const products = [
        { amount: 1, sku: '1' },
        { amount: 1, sku: '2' },
      ]
      const answer = await award(awardOf(uid, { orderId, sku: 'mega', products, subTotal: 4998, priceInCents: 4998 }))
      await assertWaits(answer, { orderId: named, reason: 'price_mismatch' })
      assert.equal((await wallet(uid)).coins, 0)
      await assertBooks(on.app)
    })

    test('a price of the platform’s own is taken where that is configured, in any currency and its own smallest unit', async () => {
      const prices = [
        { currency: 'JPY', subTotal: 3000, priceInCents: 3300, tax: 300 },
        { currency: 'KWD', subTotal: 6123, priceInCents: 6123, tax: 0 },
        { currency: 'eur', subTotal: 1, priceInCents: 1, tax: 0 },
      ]
      for (const [no, price] of prices.entries()) {
        const { uid } = await newcomer()
        const answer = await award(awardOf(uid, { orderId: `local${no}`, ...price }), 'appcharge-local')
        assertAwarded(answer, `appcharge-local:local${no}`)
        const order = await orderRow(on.app, `appcharge-local:local${no}`)
        assert.deepEqual([order?.price_minor, order?.currency], [price.subTotal, price.currency.toUpperCase()])
      }
      await assertBooks(on.app)
    })

    test('an offer that is listed as free is collected for nothing, and is no first charge; another one waits', async () => {
      const { uid, orderId } = await newcomer()
      const free = appchargeBody('award-free', { playerId: uid, orderId, purchaseId: `pr_${orderId}` })
      for (const _ of [1, 2]) assertAwarded(await award(free), `appcharge:${orderId}`)
      assert.deepEqual(await wallet(uid), { coins: 1000, waiting: 20 })
      assertAwarded(await award(awardOf(uid, { orderId: `${orderId}-paid` })), `appcharge:${orderId}-paid`)
      assert.deepEqual(await wallet(uid), { coins: 2000, waiting: 42 })
      const other = appchargeBody('award-free', { playerId: uid, orderId: 'fr1', purchaseId: '', sku: '1' })
      await assertWaits(await award(other), { orderId: 'appcharge:fr1', reason: 'price_mismatch' })
      await assertBooks(on.app)
    })

    test('one order of Appcharge with other facts is refused and changes nothing; another charge of our order waits', async () => {
      const { token, uid, orderId, named } = await newcomer()
      const { uid: otherUid } = await newcomer()
      assertAwarded(await award(awardOf(uid, { orderId })), named)
      for (const changes of [{ playerId: otherUid }, { sku: '2' }, { subTotal: 1998 }, { currency: 'EUR' }]) {
        const answer = await award(awardOf(uid, { orderId, ...changes }))
        assert.equal(answer.status, 400, JSON.stringify(changes))
        assert.match(answer.body.publisherErrorMessage, /known with another player/)
      }
      assert.deepEqual([(await wallet(uid)).coins, (await wallet(otherUid)).coins], [1000, 0])
      const order = await createOrder(on.app, token, { payment_channel: 'appcharge' })
      const sessionMetadata = { order_id: order.order_id }
      for (const id of ['twice1', 'twice2']) {
        assertAwarded(await award(awardOf(uid, { orderId: id, sessionMetadata })), order.order_id)
      }
      const entries = await reviewEntries(on.app, order.order_id)
      assert.deepEqual(
        entries.map(({ reason }) => reason),
        ['duplicate_charge'],
      )
      const theirs = await award(awardOf(otherUid, { orderId: 'stolen', sessionMetadata }))
      assert.equal(theirs.status, 400)
      assert.equal((await wallet(otherUid)).coins, 0)
      await assertBooks(on.app)
    })

    test('money of the sandbox is play money', async () => {
      const { uid, orderId } = await newcomer()
      const answer = await award(awardOf(uid, { orderId }), 'appcharge-sandbox')
      assertAwarded(answer, `appcharge-sandbox:${orderId}`)
      assert.equal((await orderRow(on.app, `appcharge-sandbox:${orderId}`))?.environment, 'test')
    })

    test('a player sees an award as their order', async () => {
      const { token, uid, orderId, named } = await newcomer()
      await award(awardOf(uid, { orderId }))
      const shown = assertDone(await on.app.call('GET', `/api/v1/orders/${encodeURIComponent(named)}`, { token }))
      assert.deepEqual([shown.order_status, shown.payment_channel], ['completed', 'appcharge'])
    })
  },
  { variables: { CHANNELS } },
)
