import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AppId } from '../../src/kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../src/kernel/money.ts'
import { assertDone } from '../support/answers.ts'
import { orderRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID } from '../support/test-app.ts'

const clock = fakeClock()
const EURO_MINOR = 1799 as MinorUnits

onEveryEngine(
  (on) => {
    const editPrices = async (change: 'add euro to 1 and 2' | 'drop the dollar of 2') => {
      const app_id = APP_ID as AppId
      await on.app.service.database.inTransaction(async (tx) => {
        if (change === 'add euro to 1 and 2') {
          const currency = 'EUR' as CurrencyCode
          const rows = [1, 2].map((item_id) => ({ app_id, item_id, currency, price_minor: EURO_MINOR }))
          await tx.insertInto('item_prices').values(rows).execute()
        } else {
          const dollar = tx.deleteFrom('item_prices').where('currency', '=', 'USD' as CurrencyCode)
          await dollar.where('app_id', '=', app_id).where('item_id', '=', 2).execute()
        }
        await tx
          .updateTable('catalogues')
          .set((eb) => ({ version: eb('version', '+', 1) }))
          .where('app_id', '=', app_id)
          .execute()
      })
      // An edit is seen within a second.
      clock.moveMs(1000)
    }
    const shownPrices = async (token: string) => {
      const { items } = assertDone(await on.app.call('GET', '/api/v1/store/items', { token }))
      const shown = items as { id: number; price: number; currency: string }[]
      return shown.filter(({ id }) => id <= 2).map(({ id, price, currency }) => [id, price, currency])
    }

    test('an item that also has a price in euros is shown in dollars, and one that has only euros in euros', async () => {
      const { token, uid } = await on.app.logIn('shopper')
      const dollars = [
        [1, 19.99, 'USD'],
        [2, 29.99, 'USD'],
      ]
      assert.deepEqual(await shownPrices(token), dollars)
      await editPrices('add euro to 1 and 2')
      assert.deepEqual(await shownPrices(token), dollars)
      const failure = { order_id: 'in-dollars', uid, item_id: 1, web_pay_error_code: 'CARD_DECLINED' }
      assertDone(
        await on.app.call('POST', '/api/v1/payment/failure', { token: await on.app.serverToken(), body: failure }),
      )
      assert.equal((await orderRow(on.app, 'in-dollars'))?.currency, 'USD')
      await editPrices('drop the dollar of 2')
      assert.deepEqual(await shownPrices(token), [
        [1, 19.99, 'USD'],
        [2, 17.99, 'EUR'],
      ])
    })
  },
  { clock },
)
