import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { row, XSOLLA_CHANNELS } from '../support/xsolla.ts'
import { buy, linesOf, paymentOf, statesOf } from '../support/xsolla-books.ts'

onEveryEngine(
  (on) => {
    const coinsOf = async (uid: string) => (await playerRow(on.app, uid)).coins

    test('every row of a cart is an order of its own, and what fits is granted', async () => {
      const { uid } = await on.app.logIn('xsolla-cart')
      const items = [
        row({ sku: 'starter_pack', amount: '19.9900' }),
        row({ sku: 'growth_pack', quantity: 2, amount: 59.98 }),
        row({ sku: 'unheard_of', amount: '1.00' }),
      ]
      const cart = await buy(on.app, uid, { items, order: { amount: '80.97' }, instance: 'returning' })
      assert.equal(cart.answer, '204', 'a cart is never refused: some of it was granted')
      assert.equal(await coinsOf(uid), 1000 + 2 * 2000)
      assert.deepEqual(await linesOf(on.app, cart.transactionId), [
        `${cart.order} 1x1 1999 USD granted`,
        `${cart.order}:2 2x2 5998 USD granted`,
        `${cart.order}:3 2147483647x1 100 USD item_not_found`,
      ])
      assert.deepEqual(await statesOf(on.app, `${cart.order}:3`), ['item_not_found open'])
      await assertBooks(on.app)
    })

    test('a bundle is granted as itself or as what is in it, and never as both', async () => {
      const { uid } = await on.app.logIn('xsolla-bundles')
      const content = row({ sku: 'starter_pack' })
      const gold = row({ sku: 'gold', type: 'virtual_currency', quantity: 1500 })
      const bundle = { type: 'bundle', sku: 'elite_bundle', amount: '99.99' }
      const known = await buy(on.app, uid, { items: [row(bundle), content, gold], order: { amount: '99.99' } })
      assert.deepEqual(await linesOf(on.app, known.transactionId), [`${known.order} 4x1 9999 USD granted`])
      const v2 = [
        row({ ...bundle, is_bundle_content: false }),
        { ...content, amount: '19.99', is_bundle_content: true },
        { ...gold, is_bundle_content: true },
      ]
      const flagged = await buy(on.app, uid, { items: v2, order: { amount: '99.99' } })
      assert.deepEqual(await linesOf(on.app, flagged.transactionId), [`${flagged.order} 4x1 9999 USD granted`])
      const boxed = { ...bundle, sku: 'box', amount: '19.99' }
      const unknown = await buy(on.app, uid, { items: [row(boxed), content, gold] })
      assert.deepEqual(await linesOf(on.app, unknown.transactionId), [`${unknown.order} 1x1 1999 USD granted`])
      const strange = await buy(on.app, uid, { items: [row(boxed), gold] })
      assert.deepEqual(await linesOf(on.app, strange.transactionId), [
        `${strange.order} 2147483647x1 1999 USD item_not_found`,
      ])
      assert.equal(await coinsOf(uid), 2 * 10000 + 1000)
      await assertBooks(on.app)
    })

    test('a thousand pieces of an item are sold; what we do not know waits, however many', async () => {
      const { uid } = await on.app.logIn('xsolla-pieces')
      const gold = [row({ sku: 'gold', type: 'virtual_currency', quantity: 50_000, amount: '4.99' })]
      const unknown = await buy(on.app, uid, { items: gold, order: { amount: '4.99' } })
      assert.deepEqual(await linesOf(on.app, unknown.transactionId), [
        `${unknown.order} 2147483647x50000 499 USD item_not_found`,
      ])
      const packs = (quantity: number) => [row({ sku: 'starter_pack', quantity, amount: '19990' })]
      assert.equal((await buy(on.app, uid, { items: packs(1000), order: { amount: '19990' } })).answer, '204')
      assert.equal(await coinsOf(uid), 1_000_000)
      const tooMany = await buy(on.app, uid, { items: packs(1001), order: { amount: '19990' } })
      assert.equal(tooMany.answer, '400 INVALID_PARAMETER')
    })

    test('promotions: the price before them is ours, or what was taken off is not numbered', async () => {
      const { uid } = await on.app.logIn('xsolla-promotions')
      const off = { amount_without_discount: '19.99', amount_with_discount: '14.99', sequence: 1 }
      const further = { amount_without_discount: '14.99', amount_with_discount: '9.99', sequence: 2 }
      const item = (fields: object) => [row({ sku: 'starter_pack', amount: '9.99', ...fields })]
      const numbered = await buy(on.app, uid, {
        items: item({ promotions: [further, off] }),
        order: { amount: '9.99' },
      })
      assert.deepEqual(await linesOf(on.app, numbered.transactionId), [`${numbered.order} 1x1 1999 USD granted`])
      const { charged_minor: charged, discount_minor: discount } = await paymentOf(on.app, numbered.order)
      assert.deepEqual([charged, discount], [999, 1000])
      const cheaper = { ...off, amount_without_discount: '10.99' }
      const ofAnother = await buy(on.app, uid, { items: item({ promotions: [cheaper] }), order: { amount: '9.99' } })
      assert.deepEqual(
        await statesOf(on.app, ofAnother.order),
        ['price_mismatch open'],
        'our price is not their list price',
      )
      const coupons = [{ code: 'AUTUMN', external_id: 'autumn' }]
      const coupon = await buy(on.app, uid, { items: item({}), order: { amount: '9.99', coupons } })
      assert.deepEqual(await linesOf(on.app, coupon.transactionId), [`${coupon.order} 1x1 999 USD granted`])
      const promocodes = coupons
      const dearer = await buy(on.app, uid, {
        items: item({ amount: '20.00' }),
        order: { amount: '20.00', promocodes },
      })
      assert.deepEqual(await statesOf(on.app, dearer.order), ['price_mismatch open'], 'a discount never makes dearer')
      const gift = await buy(on.app, uid, {
        items: [
          row({ sku: 'starter_pack', amount: '19.99', is_bonus: false, is_bundle_content: false }),
          row({ sku: 'growth_pack', amount: '0', is_bonus: true, is_bundle_content: false }),
        ],
      })
      assert.deepEqual(await linesOf(on.app, gift.transactionId), [
        `${gift.order} 1x1 1999 USD granted`,
        `${gift.order}:2 2x1 0 USD granted`,
      ])
      await assertBooks(on.app)
    })

    test('amounts are read exactly, by the decimals of their currency', async () => {
      const { uid } = await on.app.logIn('xsolla-currencies')
      const exact: [string, string | number, number][] = [
        ['JPY', '2980.0000', 2980],
        ['JPY', 2980, 2980],
        ['KWD', '6.125', 6125],
        ['KWD', 6.1, 6100],
        ['USD', '0.1', 10],
        ['EUR', 17.99, 1799],
        ['USD', '9007199254740.99', 900719925474099],
      ]
      for (const [currency, amount, minor] of exact) {
        const items = [row({ sku: 'starter_pack', amount })]
        const { answer, transactionId, order } = await buy(on.app, uid, {
          items,
          order: { currency, amount },
          instance: 'local',
        })
        assert.equal(answer, '204')
        assert.deepEqual(await linesOf(on.app, transactionId), [`${order} 1x1 ${minor} ${currency} granted`])
      }
      const foreign = {
        items: [row({ sku: 'starter_pack', amount: '17.99' })],
        order: { currency: 'EUR', amount: '17.99' },
      }
      const { order } = await buy(on.app, uid, foreign)
      assert.deepEqual(
        await statesOf(on.app, order),
        ['price_mismatch open'],
        'by our catalogue we have no price in euros',
      )
    })
  },
  { variables: { CHANNELS: XSOLLA_CHANNELS } },
)
