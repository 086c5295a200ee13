import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertDone, assertFaults, assertRefused } from '../support/answers.ts'
import {
  appleBuyer,
  appleSettings,
  BUNDLE_ID,
  boughtFor,
  newTransactionId,
  notificationOf,
  notify,
  signedTransaction,
  verify,
} from '../support/apple-store.ts'
import {
  assertBooks,
  orderRow,
  playerRow,
  reviewEntries,
  stateOf,
  withoutEvidence,
  withoutMarks,
} from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { createOrder } from '../support/orders.ts'
import { localApps } from '../support/test-app.ts'

const CHANNELS = JSON.stringify({
  apple: appleSettings(),
  'apple-listed': appleSettings({ priceRule: 'catalogue', bundleId: `${BUNDLE_ID}.listed` }),
})

onEveryEngine(
  (on) => {
    const buyer = (name: string, fields: object = {}) => appleBuyer(on.app, name, fields)

    test('a purchase on a device is granted to whoever made its order, once', async () => {
      const { token, uid, order, transaction } = await buyer('apple-buys')
      assert.equal(order.checkout.kind, 'account_token')
      assert.equal(order.checkout.token, transaction.appAccountToken)
      const signed = signedTransaction({ transaction })
      const granted = assertDone(await verify(on.app, token, signed))
      assert.deepEqual([granted.order_id, granted.coins_granted, granted.replayed], [order.order_id, 1000, false])
      assert.equal(assertDone(await verify(on.app, token, signed)).replayed, true)
      // The store signs the same purchase anew each time that it is asked.
      assert.equal(assertDone(await verify(on.app, token, signedTransaction({ transaction }))).replayed, true)
      const told = assertDone(await notify(on.app, notificationOf('one-time-charge', { transaction })))
      assert.deepEqual([told.order_id, told.order_status], [order.order_id, 'completed'])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const row = await orderRow(on.app, order.order_id)
      assert.deepEqual([row?.price_minor, row?.currency, row?.environment], [1999, 'USD', 'live'])
      await assertBooks(on.app)
    })

    test('a notification that comes first grants it without the device, however often it is sent', async () => {
      const { token, uid, order, transaction } = await buyer('apple-told-first')
      const body = notificationOf('one-time-charge', { transaction })
      for (let n = 0; n < 3; n++) assert.equal(assertDone(await notify(on.app, body)).order_status, 'completed')
      const answer = assertDone(await verify(on.app, token, signedTransaction({ transaction })))
      assert.deepEqual([answer.order_id, answer.replayed], [order.order_id, true])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('the device and the store tell of one purchase at once, ten times each, and it is granted once', async () => {
      const { token, uid, transaction } = await buyer('apple-race')
      const tell = (n: number) =>
        n % 2 === 0
          ? verify(on.app, token, signedTransaction({ transaction }))
          : notify(on.app, notificationOf('one-time-charge', { transaction }))
      const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => tell(n)))
      for (const answer of answers) assert.equal(assertDone(answer).order_status, 'completed')
      assert.equal(answers.filter(({ body }) => body.replayed === false).length <= 1, true)
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('three at once are an order of their own, and the one that was made for one stays', async () => {
      const { token, uid, order, transaction } = await buyer('apple-three')
      const signed = signedTransaction({ transaction: { ...transaction, quantity: 3, price: 59970 } })
      const granted = assertDone(await verify(on.app, token, signed))
      assert.deepEqual([granted.order_id, granted.coins_granted], [`apple:${transaction.transactionId}`, 3000])
      assert.equal((await playerRow(on.app, uid)).coins, 3000)
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'pending')
      assert.equal((await orderRow(on.app, granted.order_id))?.price_minor, 5997)
      await assertBooks(on.app)
    })

    test('a local price is what the store says, in currencies of any decimals', async () => {
      const prices = [
        ['JPY', 3_000_000, 3000],
        ['KWD', 6_125, 6125],
        ['EUR', 22_990, 2299],
        // Between two cents: shown as the nearest.
        ['USD', 19_995, 2000],
        ['USD', 19_994, 1999],
        ['USD', 0, 0],
      ] as const
      for (const [currency, price, minor] of prices) {
        const { token, order, transaction } = await buyer(`apple-${currency}-${price}`)
        const signed = signedTransaction({ transaction: { ...transaction, currency, price } })
        assertDone(await verify(on.app, token, signed))
        const row = await orderRow(on.app, order.order_id)
        assert.deepEqual([row?.status, row?.price_minor, row?.currency], ['completed', minor, currency])
      }
      await assertBooks(on.app)
    })

    test('where our list rules, another price waits for a person, and one that is no amount is not understood', async () => {
      const { token, order, transaction } = await buyer('apple-listed', { payment_channel: 'apple-listed' })
      const show = (more: object) =>
        verify(
          on.app,
          token,
          signedTransaction({ transaction: { ...transaction, ...more }, bundleId: `${BUNDLE_ID}.listed` }),
          'apple-listed',
        )
      assertFaults(await show({ price: 19_995 }), 'signed_transaction')
      assertRefused(await show({ price: 9_990 }), 409, 'price_mismatch')
      assert.equal((await orderRow(on.app, order.order_id))?.status, 'review')
    })

    test('a product that we do not know waits for a person', async () => {
      const { token, transaction } = await buyer('apple-unknown-product')
      const signed = signedTransaction({ transaction: { ...transaction, productId: 'com.example.game.nothing' } })
      // The order was for another item than was bought.
      assertRefused(await verify(on.app, token, signed), 409, 'order_conflict')
      const { token: other } = await on.app.logIn('apple-unknown-unnamed')
      const { appAccountToken: _, ...unnamed } = { ...transaction, transactionId: newTransactionId() }
      assertRefused(await verify(on.app, other, signedTransaction({ transaction: unnamed })), 409, 'account_mismatch')
      await assertBooks(on.app)
    })

    test('a purchase without a token of ours waits for a person, and a second player gets no more of it', async () => {
      const [first, second] = [await on.app.logIn('apple-unclaimed'), await on.app.logIn('apple-unclaimed-2')]
      const transaction = { transactionId: newTransactionId() }
      const told = assertDone(await notify(on.app, notificationOf('one-time-charge', { transaction })))
      assert.deepEqual([told.order_id, told.order_status], [null, null])
      for (let n = 0; n < 2; n++) {
        assertRefused(await verify(on.app, first.token, signedTransaction({ transaction })), 409, 'account_mismatch')
      }
      assertRefused(await verify(on.app, second.token, signedTransaction({ transaction })), 409, 'order_conflict')
      assert.equal((await reviewEntries(on.app, `apple:${transaction.transactionId}`)).length, 1)
      assert.equal((await playerRow(on.app, first.uid)).coins, 0)
      assert.equal((await playerRow(on.app, second.uid)).coins, 0)
      await assertBooks(on.app)
    })

    test("another player's device that shows a purchase gets nothing, and its buyer gets it", async () => {
      const { token, uid, transaction } = await buyer('apple-owner')
      const other = await on.app.logIn('apple-other')
      const signed = signedTransaction({ transaction })
      // It was granted, so that this device is done with it and can buy the same for its own player.
      const finish = { action: 'finish_transaction' } as const
      for (let n = 0; n < 2; n++) {
        assertRefused(await verify(on.app, other.token, signed), 409, 'account_mismatch', finish)
      }
      assert.equal((await playerRow(on.app, other.uid)).coins, 0)
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      assert.equal(assertDone(await verify(on.app, token, signed)).replayed, true)
      await assertBooks(on.app)
    })

    test('a purchase that was told under one order cannot be told under another', async () => {
      const { token, uid, transaction } = await buyer('apple-two-orders')
      assertDone(await verify(on.app, token, signedTransaction({ transaction })))
      const again = await createOrder(on.app, token, { payment_channel: 'apple' })
      const moved = signedTransaction({ transaction: { ...transaction, ...boughtFor(again) } })
      assertRefused(await verify(on.app, token, moved), 409, 'order_conflict')
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      assert.equal((await orderRow(on.app, again.order_id))?.status, 'pending')
      await assertBooks(on.app)
    })

    test('a second purchase for one order is no second grant, and waits for a person', async () => {
      const { token, uid, order, transaction } = await buyer('apple-twice')
      assertDone(await verify(on.app, token, signedTransaction({ transaction })))
      const second = { ...transaction, transactionId: newTransactionId() }
      const answer = assertDone(await verify(on.app, token, signedTransaction({ transaction: second })))
      assert.deepEqual([answer.order_id, answer.replayed], [order.order_id, true])
      assert.equal((await playerRow(on.app, uid)).coins, 1000)
      const entries = await reviewEntries(on.app, order.order_id)
      assert.deepEqual(
        entries.map(({ reason }) => reason),
        ['duplicate_charge'],
      )
      await assertBooks(on.app)
    })

    test('play money is another payment than real money, and is marked', async () => {
      const { token, order, transaction } = await buyer('apple-sandbox')
      assertDone(await verify(on.app, token, signedTransaction({ transaction, environment: 'Sandbox' })))
      assert.equal((await orderRow(on.app, order.order_id))?.environment, 'test')
    })

    test('what can never be granted tells the device to finish it, what may be does not', async () => {
      const { token, transaction } = await buyer('apple-finish')
      const show = (more: object) =>
        verify(on.app, token, signedTransaction({ transaction: { ...transaction, ...more } }))
      const before = await stateOf(on.app)
      const finish = { action: 'finish_transaction' } as const
      assertRefused(await show({ inAppOwnershipType: 'FAMILY_SHARED' }), 409, 'purchase_shared', finish)
      assertRefused(await show({ revocationDate: Date.now() }), 409, 'purchase_revoked', finish)
      assertFaults(await show({ type: 'Non-Consumable' }), 'signed_transaction')
      assertFaults(await show({ type: 'Auto-Renewable Subscription' }), 'signed_transaction')
      assert.deepEqual(await stateOf(on.app), before)
    })
  },
  { variables: { CHANNELS, APPS: localApps({ testPurchases: true }) } },
)

describe('an app that takes no play money', () => {
  onEveryEngine(
    (on) => {
      test('keeps what is told of it, and books nothing', async () => {
        const { token } = await on.app.logIn('apple-no-play')
        const order = await createOrder(on.app, token, { payment_channel: 'apple' })
        const transaction = { transactionId: newTransactionId(), ...boughtFor(order) }
        const before = withoutMarks(withoutEvidence(await stateOf(on.app)))
        const environment = 'Sandbox'
        for (const name of ['one-time-charge', 'refund'] as const) {
          const told = assertDone(await notify(on.app, notificationOf(name, { transaction, environment })))
          assert.equal(told.refusal, 'test_mode')
        }
        const shown = await verify(on.app, token, signedTransaction({ transaction, environment }))
        assertRefused(shown, 403, 'test_mode')
        assert.deepEqual(withoutMarks(withoutEvidence(await stateOf(on.app))), before)
        await assertBooks(on.app)
      })
    },
    { variables: { CHANNELS, APPS: localApps({ testPurchases: false }) } },
  )
})
