import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { editStore, withPromotions } from '../support/store-edits.ts'
import { payment } from '../support/test-app.ts'

const clock = fakeClock()
const HOUR_MS = 60 * 60 * 1000
const PRICES: Readonly<Record<number, number>> = { 1: 19.99, 4: 99.99, 6: 399.99 }

onEveryEngine(
  (on) => {
    /** Bonus and tokens of an item as the player sees it now. */
    const shown = async (token: string, itemId: number): Promise<[number, number]> => {
      const { items } = assertDone(await on.app.call('GET', '/api/v1/store/items', { token }))
      const item = items.find((one: { id: number }) => one.id === itemId)
      return [item.bonus, item.tokens]
    }
    const pay = async (order_id: string, uid: string, item_id = 1): Promise<number> => {
      const body = payment({ order_id, uid, item_id, price: PRICES[item_id] })
      const token = await on.app.serverToken()
      return assertDone(await on.app.call('POST', '/api/v1/payment/success', { token, body })).tokens_granted
    }
    /** Sets the promotions, and waits as long as an edit may take to be seen. */
    const promote = async (promotions: Parameters<typeof withPromotions>[1]): Promise<void> => {
      await editStore(on.app, { clock, change: (content) => withPromotions(content, promotions) })
      clock.moveMs(1000)
    }
    const spent = async (loginId: string) => {
      const player = await on.app.logIn(loginId)
      await pay(`first-of-${loginId}`, player.uid)
      return player
    }

    test('a promotion raises the bonus while it runs, not a millisecond before and none after', async () => {
      const { token, uid } = await spent('watches')
      const startsAtMs = clock.nowMs() + HOUR_MS
      await promote([{ bonusPercent: 50, startsAtMs, endsAtMs: startsAtMs + HOUR_MS }])
      clock.moveMs(startsAtMs - clock.nowMs() - 1)
      assert.deepEqual([await shown(token, 1), await pay('before', uid)], [[0, 20], 20])
      clock.moveMs(1)
      assert.deepEqual([await shown(token, 1), await pay('begins', uid)], [[50, 30], 30])
      clock.moveMs(HOUR_MS - 1)
      assert.deepEqual([await shown(token, 1), await pay('nearly-over', uid)], [[50, 30], 30])
      clock.moveMs(1)
      assert.deepEqual([await shown(token, 1), await pay('over', uid)], [[0, 20], 20])
    })

    test('a bonus that is higher stays, and of several promotions the best counts', async () => {
      const { token, uid } = await spent('compares')
      const [startsAtMs, endsAtMs] = [clock.nowMs(), clock.nowMs() + HOUR_MS]
      await promote([{ bonusPercent: 3, startsAtMs, endsAtMs }])
      // Item 6 has 4 per cent of its own, item 4 has 1.
      assert.deepEqual(
        [await shown(token, 6), await shown(token, 4)],
        [
          [4, 416],
          [3, 103],
        ],
      )
      await promote(
        [3, 30, 8].map((bonusPercent) => ({ promotionId: `b${bonusPercent}`, bonusPercent, startsAtMs, endsAtMs })),
      )
      assert.deepEqual([await shown(token, 6), await pay('best', uid, 6)], [[30, 520], 520])
    })

    test('a first charge is never made worse: its bonus is raised where it is lower, and kept where it is higher', async () => {
      const { token, uid } = await on.app.logIn('new-here')
      const [startsAtMs, endsAtMs] = [clock.nowMs(), clock.nowMs() + HOUR_MS]
      await promote([{ bonusPercent: 20, startsAtMs, endsAtMs }])
      assert.deepEqual(
        [await shown(token, 1), await shown(token, 6)],
        [
          [20, 24],
          [25, 500],
        ],
      )
      assert.equal(await pay('first-promoted', uid, 6), 500)
      assert.deepEqual([await shown(token, 6), await pay('second-promoted', uid, 6)], [[20, 480], 480])
      const other = await on.app.logIn('new-too')
      assert.equal(await pay('first-raised', other.uid), 24)
    })

    test('a promotion of some items leaves the others', async () => {
      const { token, uid } = await spent('picks')
      const [startsAtMs, endsAtMs] = [clock.nowMs(), clock.nowMs() + HOUR_MS]
      await promote([{ bonusPercent: 50, startsAtMs, endsAtMs, itemIds: [4] }])
      assert.deepEqual([await shown(token, 1), await pay('not-promoted', uid)], [[0, 20], 20])
      assert.deepEqual([await shown(token, 4), await pay('promoted', uid, 4)], [[50, 150], 150])
    })

    test('what was paid while a promotion ran stays as it was granted, and is answered again the same', async () => {
      const { uid } = await spent('keeps')
      const [startsAtMs, endsAtMs] = [clock.nowMs(), clock.nowMs() + HOUR_MS]
      await promote([{ bonusPercent: 100, startsAtMs, endsAtMs }])
      assert.equal(await pay('kept', uid), 40)
      const row = await orderRow(on.app, 'kept')
      clock.moveMs(HOUR_MS)
      assert.equal(await pay('kept', uid), 40)
      await promote([])
      assert.equal(await pay('kept', uid), 40)
      assert.deepEqual(await orderRow(on.app, 'kept'), row)
    })

    test('an order made while a promotion ran is paid with its bonus, though it is over by then', async () => {
      const { token, uid } = await spent('orders-in-time')
      const [startsAtMs, endsAtMs] = [clock.nowMs(), clock.nowMs() + 60_000]
      await promote([{ bonusPercent: 100, startsAtMs, endsAtMs }])
      const { order_id } = await createOrder(on.app, token)
      clock.moveMs(60_000)
      assert.deepEqual([await shown(token, 1), await pay('too-late', uid)], [[0, 20], 20])
      assert.equal(await pay(order_id, uid), 40)
    })

    test('after all of this the books are in order', () => assertBooks(on.app))
  },
  { clock },
)
