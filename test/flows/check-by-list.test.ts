import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import type { Channel } from '../../src/channels/channel.ts'
import { accepted } from '../../src/kernel/outcome.ts'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, orderRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { listingChannel, listingPlatform } from '../support/listing-platform.ts'
import { createOrder } from '../support/orders.ts'

const MINUTE_MS = 60_000
const clock = fakeClock()
const platform = listingPlatform({ instance: 'listing', nowMs: clock.nowMs })
const channel = listingChannel('listing', platform)
/** One that is asked about an order, and says that it was not paid. */
const asking: Channel = { ...channel, instance: 'asking', lookUpPayment: async () => accepted(null) }
before(() => platform.open())
after(() => platform.close())

onEveryEngine(
  (on) => {
    let players = 0
    const ordered = async (payment_channel = 'listing') => {
      players += 1
      const { token, uid } = await on.app.logIn(`check-${players}`)
      const order = await createOrder(on.app, token, { payment_channel })
      clock.moveMs(MINUTE_MS)
      return { token, uid, id: order.order_id as string }
    }
    const check = ({ token, id }: { token: string; id: string }) =>
      on.app.call('POST', `/api/v1/orders/${id}/check`, { token, body: {} })
    const pay = ({ id, uid }: { id: string; uid: string }, more = {}) => {
      platform.tell({ say: 'paid', id: `t-${id}`, order_id: id, uid, ...more })
      clock.moveMs(1)
    }
    beforeEach(() => {
      clock.moveMs(60 * MINUTE_MS)
      platform.kept.length = 0
      Object.assign(platform.says, { mood: 'well', pageSize: 100 })
    })

    test('a platform that only lists is searched for the order, in its time and for it alone', async () => {
      const order = await ordered()
      const other = await ordered()
      assert.equal(assertDone(await check(order)).order_status, 'pending', 'nobody has paid')
      pay(other)
      pay(order)
      clock.moveMs(10_000)
      const asked = platform.asked.length
      const createdMs = clock.nowMs()
      assert.equal(assertDone(await check(order)).order_status, 'completed')
      assert.equal((await orderRow(on.app, other.id))?.status, 'pending', 'the poll is for the others')
      const [span] = platform.asked.slice(asked)
      assert.ok(span && span.from < createdMs && span.until - span.from < 10 * MINUTE_MS)
      assert.equal(assertDone(await check(order)).order_status, 'completed', 'what was granted needs no question')
      assert.equal(platform.asked.length, asked + 1)
      clock.moveMs(10_000)
      assert.equal(assertDone(await check(other)).order_status, 'completed')
      await assertBooks(on.app)
    })

    test('a player who presses again and again, or with many orders, is sent away before the platform is asked', async () => {
      const [first, second] = [await ordered(), await ordered()]
      assertDone(await check(first))
      const asked = platform.asked.length
      assertRefused(await check(first), 429, 'too_many_requests')
      assertRefused(await check(second), 429, 'too_many_requests')
      assert.equal(platform.asked.length, asked)
      clock.moveMs(10_000)
      assertDone(await check(second))
      assert.equal(platform.asked.length, asked + 1)
    })

    test('a search reads five pages at most, and no more than two hours however old the order is', async () => {
      const order = await ordered()
      Object.assign(platform.says, { pageSize: 1 })
      for (let no = 0; no < 8; no++) platform.tell({ say: 'riddle', id: `noise-${no}` })
      pay(order)
      let pages = 0
      platform.onPage = () => {
        pages += 1
      }
      assert.equal(assertDone(await check(order)).order_status, 'pending', 'the poll finds it')
      platform.onPage = () => undefined
      assert.equal(pages, 5)
      clock.moveMs(24 * 60 * MINUTE_MS)
      assertDone(await check({ ...order, token: (await on.app.logIn(`check-${players}`)).token }))
      const span = platform.asked.at(-1)
      assert.equal((span?.until ?? 0) - (span?.from ?? 0), 120 * MINUTE_MS)
    })

    test('a list that is away says so, and a platform that knows of no payment leaves the order as it is', async () => {
      const order = await ordered()
      platform.says.mood = 'away'
      assertRefused(await check(order), 503, 'channel_unavailable')
      const unpaid = await ordered('asking')
      platform.says.mood = 'well'
      pay(unpaid)
      const asked = platform.asked.length
      assert.equal(assertDone(await check(unpaid)).order_status, 'pending')
      assert.equal(platform.asked.length, asked, 'who answers about an order is not asked for all of them')
    })
  },
  { channels: [channel, asking], clock },
)
