import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, reviewEntries } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { editStore, type ItemEdit, withItem } from '../support/store-edits.ts'
import { payment } from '../support/test-app.ts'

const clock = fakeClock()

onEveryEngine(
  (on) => {
    const edit = async (itemId: number, itemEdit: ItemEdit): Promise<void> => {
      await editStore(on.app, { clock, change: (content) => withItem(content, itemId, itemEdit) })
      clock.moveMs(1000)
    }
    const pay = async (fields: Parameters<typeof payment>[0]) => {
      const token = await on.app.serverToken()
      return on.app.call('POST', '/api/v1/payment/success', { token, body: payment(fields) })
    }
    const shownIds = async (token: string): Promise<number[]> =>
      assertDone(await on.app.call('GET', '/api/v1/store/items', { token })).items.map(
        (item: { id: number }) => item.id,
      )

    test('a paid order keeps its terms through an edit: row, history and what is answered again', async () => {
      const { token, uid } = await on.app.logIn('paid-before')
      const first = assertDone(await pay({ order_id: 'paid-before', uid }))
      const history = () => on.app.call('GET', '/api/v1/orders/history', { token })
      const [row, listed] = [await orderRow(on.app, 'paid-before'), assertDone(await history())]
      await edit(1, { usdMinor: 100, terms: { coins: 1, tokensBase: 1, firstChargeBonusPercent: 900 } })
      assert.deepEqual(await orderRow(on.app, 'paid-before'), row)
      assert.deepEqual(assertDone(await history()), listed)
      assert.deepEqual(assertDone(await pay({ order_id: 'paid-before', uid })), { ...first, replayed: true })
      await edit(1, { usdMinor: 1999, terms: { coins: 1000, tokensBase: 20, firstChargeBonusPercent: 10 } })
    })

    test('a pending order keeps its price and its reward through an edit, even of an item that is no longer sold', async () => {
      const { token, uid } = await on.app.logIn('pending-before')
      const { order_id } = await createOrder(on.app, token, { item_id: 1 })
      await edit(1, { usdMinor: 999, isOnSale: false, terms: { coins: 1, tokensBase: 1 } })
      const refused = await on.app.call('POST', '/api/v1/orders', {
        token,
        body: { item_id: 1, payment_channel: 'sandbox' },
      })
      assertRefused(refused, 404, 'item_not_found', { action: 'show_message' })
      const paid = assertDone(await pay({ order_id, uid }))
      assert.deepEqual([paid.coins_granted, paid.tokens_granted], [1000, 22])
      await edit(1, { usdMinor: 1999, isOnSale: true, terms: { coins: 1000, tokensBase: 20 } })
    })

    test('an order that only failed was promised nothing: it is paid at the price of the day, with its reward', async () => {
      const { uid } = await on.app.logIn('failed-before')
      const failure = { order_id: 'failed-before', uid, item_id: 2, web_pay_error_code: 'CARD_DECLINED' }
      const token = await on.app.serverToken()
      assertDone(await on.app.call('POST', '/api/v1/payment/failure', { token, body: failure }))
      await edit(2, { usdMinor: 2499, terms: { coins: 2500, tokensBase: 40 } })
      const paid = assertDone(await pay({ order_id: 'failed-before', uid, item_id: 2, price: 24.99 }))
      assert.deepEqual([paid.coins_granted, paid.tokens_granted], [2500, 44])
      const row = await orderRow(on.app, 'failed-before')
      assert.deepEqual([row?.price_minor, row?.coins, row?.tokens, row?.tokens_base], [2499, 2500, 44, 40])
      assertRefused(await pay({ order_id: 'old-price', uid, item_id: 2, price: 29.99 }), 409, 'price_mismatch')
    })

    test('an item off sale leaves the store, money for it goes to review, and back on sale it is sold again', async () => {
      const { token, uid } = await on.app.logIn('too-late')
      await edit(3, { isOnSale: false })
      assert.deepEqual(await shownIds(token), [1, 2, 4, 5, 6])
      const fields = { order_id: 'off-sale', uid, item_id: 3, price: 49.99 }
      assertRefused(await pay(fields), 404, 'item_not_found')
      assertRefused(await pay(fields), 404, 'item_not_found')
      const [row, entries] = [await orderRow(on.app, 'off-sale'), await reviewEntries(on.app, 'off-sale')]
      assert.deepEqual([row?.status, row?.coins, row?.error_code], ['review', 0, 'item_not_found'])
      assert.deepEqual(
        entries.map((entry) => [entry.reason, entry.state]),
        [['item_not_found', 'open']],
      )
      assert.equal((await playerRow(on.app, uid)).coins, 0)
      await edit(3, { isOnSale: true })
      assert.deepEqual(await shownIds(token), [1, 2, 3, 4, 5, 6])
      assert.equal(assertDone(await pay({ ...fields, order_id: 'on-sale-again' })).coins_granted, 5000)
    })

    test('an item that gives coins alone, or tokens alone, is granted as it is', async () => {
      const { uid } = await on.app.logIn('one-of-both')
      await edit(4, { terms: { coins: 0 } })
      await edit(5, { terms: { tokensBase: 0 } })
      const tokens = assertDone(await pay({ order_id: 'tokens-alone', uid, item_id: 4, price: 99.99 }))
      assert.deepEqual([tokens.coins_granted, tokens.tokens_granted], [0, 115])
      const coins = assertDone(await pay({ order_id: 'coins-alone', uid, item_id: 5, price: 199.99 }))
      assert.deepEqual([coins.coins_granted, coins.tokens_granted], [20_000, 0])
    })

    test('the extras of an item are shown, and wait with the reward in the inbox', async () => {
      const { token, uid } = await on.app.logIn('extras')
      const actItems = [{ id: 'spin', name: 'Free spin', num: 3 }]
      await edit(6, { terms: { actItems } })
      const { items } = assertDone(await on.app.call('GET', '/api/v1/store/items', { token }))
      assert.deepEqual(items.find((item: { id: number }) => item.id === 6).act_items, actItems)
      assertDone(await pay({ order_id: 'with-extras', uid, item_id: 6, price: 399.99 }))
      const { messages } = assertDone(await on.app.call('GET', '/api/v1/inbox', { token }))
      assert.deepEqual(messages[0].act_items, actItems)
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
