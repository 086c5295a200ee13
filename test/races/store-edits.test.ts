import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openDatabase } from '../../src/db/open-database.ts'
import { type CatalogueEdit, editCatalogue, readCatalogueVersion } from '../../src/features/store/index.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import type { CurrencyCode } from '../../src/kernel/money.ts'
import { accepted } from '../../src/kernel/outcome.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { settingsOf } from '../support/open-store.ts'
import { editStore, withItem } from '../support/store-edits.ts'
import { APP_ID, payment } from '../support/test-app.ts'

const clock = fakeClock()
const APP = APP_ID as AppId
const USD = 'USD' as CurrencyCode

onEveryEngine(
  (on) => {
    const times = <T>(count: number, one: (n: number) => Promise<T>) =>
      Promise.all(Array.from({ length: count }, (_, n) => one(n)))
    const present = async () => {
      const { version, content } = await editStore(on.app, { clock, change: (same) => same })
      const item = (itemId: number) => content.items.find((one) => one.itemId === itemId)
      return { version, content, item }
    }

    test('edits of two processes at once all land, each as a version of its own', async (t) => {
      const settings = settingsOf(on.app.variables['DATABASE_URL'] ?? '')
      const elsewhere = await openDatabase(settings)
      t.after(() => elsewhere.close())
      const before = await present()
      const addCoin: CatalogueEdit['change'] = (content) => {
        const coins = content.items.find((item) => item.itemId === 1)?.terms.coins ?? 0
        return accepted(withItem(content, 1, { terms: { coins: coins + 1 } }))
      }
      const edits = await times(20, (n) => {
        const database = n % 2 === 0 ? on.app.service.database : elsewhere
        return editCatalogue({ database, clock }, { appId: APP, note: `edit ${n}`, change: addCoin })
      })
      const versions = edits.map((edit) => (edit.ok ? edit.value.version : null))
      const expected = Array.from({ length: 20 }, (_, n) => before.version + n + 1)
      assert.deepEqual(
        versions.toSorted((a, b) => Number(a) - Number(b)),
        expected,
      )
      const after = await present()
      assert.equal(after.version, before.version + 20)
      assert.equal(after.item(1)?.terms.coins, Number(before.item(1)?.terms.coins) + 20)
      const coinsBefore = Number(before.item(1)?.terms.coins)
      for (const [n, version] of expected.entries()) {
        const kept = await readCatalogueVersion(on.app.service.database, { appId: APP, version })
        assert.ok(kept.ok)
        assert.equal(kept.value.content.items[0]?.terms.coins, coinsBefore + n + 1)
      }
    })

    test('of ten editors who have seen the same version one is taken, nine must look again', async () => {
      const { version } = await present()
      const edits = await times(10, (n) =>
        editCatalogue(
          { database: on.app.service.database, clock },
          {
            ...{ appId: APP, note: '', expectedVersion: version },
            change: (content) => accepted(withItem(content, 2, { terms: { coins: 9000 + n } })),
          },
        ),
      )
      assert.equal(edits.filter((edit) => edit.ok).length, 1)
      for (const edit of edits) if (!edit.ok) assert.equal(edit.refusal.code, 'catalogue_changed')
      assert.equal((await present()).version, version + 1)
    })

    test('two operators at their commands at once: both edits are there', async () => {
      const before = await present()
      const set = (itemId: string) =>
        runProgram('src/cli/store.ts', {
          args: ['set', itemId, '--app', APP_ID, '--coins', '4321'],
          variables: on.app.variables,
        })
      const done = await Promise.all([set('3'), set('4')])
      assert.deepEqual(
        done.map(({ code, stderr }) => [code, stderr]),
        [
          [0, ''],
          [0, ''],
        ],
      )
      const after = await present()
      assert.deepEqual([after.item(3)?.terms.coins, after.item(4)?.terms.coins], [4321, 4321])
      assert.equal(after.version, before.version + 2)
    })

    test('two hundred payments while the store is edited: each has the price and the reward of one version', async () => {
      // What is paid for in a version, and what it then gives.
      const coinsAt = new Map([1999, 1899, 1799, 1699, 1599].map((usdMinor, n) => [usdMinor, 1000 + 11 * n]))
      const prices = [...coinsAt.keys()]
      const editTo = (usdMinor: number) =>
        editStore(on.app, {
          clock,
          change: (content) => withItem(content, 1, { usdMinor, terms: { coins: coinsAt.get(usdMinor) ?? 0 } }),
        })
      const { uid } = await on.app.logIn('buys-while-edited')
      const token = await on.app.serverToken()
      const pay = (order_id: string, usdMinor: number) =>
        on.app.call('POST', '/api/v1/payment/success', {
          token,
          body: payment({ order_id, uid, price: (usdMinor / 100).toFixed(2) }),
        })
      await editTo(1999)
      clock.moveMs(1000)
      const answers = []
      for (const [round, usdMinor] of prices.entries()) {
        // Half of them pay what the store asks next, which is right or wrong by when they are decided.
        const next = prices[round + 1] ?? usdMinor
        const paying = times(38, (n) => pay(`edited-${round}-${n}`, n % 2 === 0 ? usdMinor : next))
        if (next !== usdMinor) await editTo(next)
        clock.moveMs(1000)
        answers.push(...(await paying))
        assertDone(await pay(`edited-${round}-sure`, next))
        answers.push(await pay(`edited-${round}-past`, 2099))
      }
      assert.equal(answers.length + prices.length, 200)
      for (const answer of answers) if (answer.status !== 200) assertRefused(answer, 409, 'price_mismatch')
      const granted = answers.filter(({ status }) => status === 200)
      assert.ok(granted.length > prices.length, `only ${granted.length} were granted`)
      for (const { body } of granted) {
        const row = await orderRow(on.app, body.order_id)
        assert.equal(body.coins_granted, coinsAt.get(Number(row?.price_minor)), `order ${body.order_id}`)
      }
      assert.equal((await present()).item(1)?.prices.get(USD), 1599)
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
