import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertBooks, orderRow, playerRow, stateOf, withoutMarks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { type ListMood, listingChannel, listingPlatform } from '../support/listing-platform.ts'
import { createOrder } from '../support/orders.ts'
import { localApps } from '../support/test-app.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS
const clock = fakeClock()
const platform = listingPlatform({ instance: 'listing', nowMs: clock.nowMs })
const channel = listingChannel('listing', platform, { answersWithinMs: 3_000 })
const other = listingPlatform({ instance: 'other-listing', nowMs: clock.nowMs })
const otherChannel = listingChannel('other-listing', other)
before(async () => {
  await platform.open()
  await other.open()
})
after(async () => {
  await platform.close()
  await other.close()
})

onEveryEngine(
  (on) => {
    let orders = 0
    /** Paid at the platform, which has told nobody. */
    const paid = async (more: Readonly<Record<string, unknown>> = {}) => {
      orders += 1
      const { token, uid } = await on.app.logIn(`polled-${orders}`)
      const order = await createOrder(on.app, token, { payment_channel: 'listing' })
      const told = platform.tell({ say: 'paid', id: `p-${orders}`, order_id: order.order_id, uid, ...more })
      return { id: `p-${orders}`, orderId: order.order_id as string, uid, token, told }
    }
    const poll = () => {
      // A span ends before its last moment.
      clock.moveMs(1)
      return on.app.service.jobs.run('poll-platforms listing')
    }
    const positionRow = async () => {
      const { db } = on.app.service.database
      return await db.selectFrom('poll_positions').selectAll().where('instance', '=', 'listing').executeTakeFirst()
    }
    const statusOf = async ({ orderId }: { orderId: string }) => (await orderRow(on.app, orderId))?.status
    const metric = async (line: string) => {
      const text = String((await on.app.call('GET', '/metrics')).body)
      return Number(
        text
          .split('\n')
          .find((one) => one.startsWith(`${line} `))
          ?.split(' ')[1],
      )
    }
    beforeEach(() => {
      Object.assign(platform.says, { mood: 'well', repeats: false, pageSize: 100 })
      platform.onPage = () => undefined
      // Past every wait of the test before.
      clock.moveMs(40 * MINUTE_MS)
    })

    test('the first poll begins a day ago, and takes in what was lost since', async () => {
      platform.kept.length = 0
      const old = await paid({ at: clock.nowMs() - DAY_MS - 11 * MINUTE_MS })
      const lost = await paid({ at: clock.nowMs() - DAY_MS + MINUTE_MS })
      const came = await paid()
      assertDone(await on.app.call('POST', came.told.path, came.told))
      assert.equal(await positionRow(), undefined)
      assert.equal(await poll(), 1)
      assert.deepEqual(await Promise.all([old, lost, came].map(statusOf)), ['pending', 'completed', 'completed'])
      assert.equal((await positionRow())?.read_until_ms, clock.nowMs())
      assert.equal(await metric('poll_position_seconds{channel="listing"}'), clock.nowMs() / 1000)
      assert.equal(await metric('poll_messages_total{channel="listing",outcome="taken"}'), 1)

      const settled = withoutMarks(await stateOf(on.app))
      assert.equal(await poll(), 0)
      assert.deepEqual(
        withoutMarks(await stateOf(on.app)),
        settled,
        'what is known is listed again and changes nothing',
      )
      await assertBooks(on.app)
    })

    test('every kind of message is taken in once: refunds, disputes, failures, riddles and claims', async () => {
      const bought = await paid()
      platform.tell({ say: 'refunded', id: bought.id })
      const disputed = await paid()
      platform.tell({ say: 'disputed', id: disputed.id })
      const failing = await paid({ say: 'failed' })
      const claimed = await paid({ say: 'claimed' })
      platform.tell({ say: 'claimed', id: 'nobody' })
      platform.tell({ say: 'riddle', id: 'riddle' })
      platform.tell({ say: 'refunded', id: 'before-its-payment' })
      const play = await paid({ test: true })
      assert.equal(await poll(), 7)
      assert.deepEqual(await Promise.all([bought, disputed, failing, claimed, play].map(statusOf)), [
        'refunded',
        'disputed',
        'failed',
        'completed',
        'pending',
      ])
      const { db } = on.app.service.database
      const kept = await db.selectFrom('payment_events').select('verdict').where('kind', '=', 'look_up').execute()
      const verdicts = kept.map(({ verdict }) => verdict)
      assert.ok(['invalid_fields', 'unclaimed', 'awaits_payment'].every((one) => verdicts.includes(one)))
      const settled = withoutMarks(await stateOf(on.app))
      for (const _ of [1, 2]) {
        clock.moveMs(MINUTE_MS)
        assert.equal(await poll(), 0)
      }
      assert.deepEqual(withoutMarks(await stateOf(on.app)), settled, 'not even a riddle is kept twice')
      await assertBooks(on.app)
    })

    test('a platform that does not answer holds up the messages of no other', async () => {
      await poll()
      const lost = await paid()
      other.says.mood = 'hangs'
      const asked = new Promise<void>((resolve) => {
        other.onPage = () => resolve()
      })
      const hanging = on.app.service.jobs.run('poll-platforms other-listing')
      await asked
      assert.equal(await poll(), 1)
      assert.equal(await statusOf(lost), 'completed')
      other.hangUp()
      assert.equal(await hanging, 0)
    })

    test('a list that is away, busy, slow, garbled, forged or endless moves no position, and is told of once', async () => {
      await poll()
      clock.moveMs(40 * MINUTE_MS)
      const at = await positionRow()
      const failuresBefore = await metric('poll_failures_total{channel="listing"}')
      const lost = await paid()
      const waits: number[] = []
      const moods: ListMood[] = ['away', 'busy', 'hangs', 'garbage', 'forged', 'goes_in_circles']
      for (const mood of moods) {
        platform.says.mood = mood
        assert.equal(await poll(), mood === 'goes_in_circles' ? 1 : 0, mood)
        const after = await positionRow()
        assert.equal(after?.read_until_ms, at?.read_until_ms, mood)
        waits.push(((after?.next_poll_at_ms ?? 0) - clock.nowMs()) / MINUTE_MS)
        const asked = platform.asked.length
        assert.equal(await on.app.service.jobs.run('poll-platforms listing'), 0)
        assert.equal(platform.asked.length, asked, 'not before its time')
        clock.moveMs((after?.next_poll_at_ms ?? 0) - clock.nowMs() - 1)
      }
      assert.deepEqual(waits, [1, 2, 4, 8, 16, 30])
      assert.equal(await metric('poll_failures_total{channel="listing"}'), failuresBefore + moods.length)
      assert.equal(await statusOf(lost), 'completed', 'what could be read of an endless list was taken in')
      platform.says.mood = 'well'
      const later = await paid()
      const asked = platform.asked.length
      assert.equal(await poll(), 1)
      assert.equal(await statusOf(later), 'completed')
      const healed = await positionRow()
      assert.deepEqual([healed?.read_until_ms, healed?.failures], [clock.nowMs(), 0])
      assert.equal(
        platform.asked[asked]?.from,
        (at?.read_until_ms ?? 0) - 10 * MINUTE_MS,
        'it went on from where it was',
      )
    })

    test('a message that is listed late, on two pages, or pushed off its page by a newer one is found', async () => {
      await poll()
      platform.kept.length = 0
      // Its time is before what was read already.
      const late = await paid({ at: clock.nowMs() - 8 * MINUTE_MS })
      const some = [await paid(), await paid(), await paid()]
      Object.assign(platform.says, { pageSize: 2, repeats: true })
      platform.onPage = (page) => {
        // One that was first goes: what followed moves to a page that was read already.
        if (page === 1) platform.kept.splice(1, 1)
      }
      clock.moveMs(MINUTE_MS)
      await poll()
      const [missed] = some
      assert.ok(missed)
      assert.equal(await statusOf(late), 'completed')
      platform.onPage = () => undefined
      for (const one of some) {
        if (!platform.kept.some(({ id }) => id === one.id)) {
          platform.tell({ say: 'paid', id: one.id, order_id: one.orderId, uid: one.uid })
        }
      }
      clock.moveMs(MINUTE_MS)
      await poll()
      for (const one of [late, ...some]) assert.equal((await playerRow(on.app, one.uid)).coins, 1000)
      await assertBooks(on.app)
    })

    test('a platform whose clock is some minutes off is read without a gap', async () => {
      for (const skewMs of [-9 * MINUTE_MS, 9 * MINUTE_MS]) {
        await poll()
        clock.moveMs(MINUTE_MS)
        const lost = await paid({ at: clock.nowMs() + skewMs })
        let polls = 0
        while ((await statusOf(lost)) !== 'completed' && polls < 11) {
          await poll()
          clock.moveMs(MINUTE_MS)
          polls += 1
        }
        assert.equal(await statusOf(lost), 'completed')
      }
    })

    test('after days without a process the poll goes on from where it was, day by day', async () => {
      await poll()
      platform.kept.length = 0
      const from = clock.nowMs()
      const lost = [await paid({ at: from + 1 }), await paid({ at: from + 2.5 * DAY_MS })]
      clock.moveMs(3 * DAY_MS)
      const asked = platform.asked.length
      assert.equal(await poll(), 2)
      const days = platform.asked.slice(asked).map(({ until }) => Math.floor((until - from) / DAY_MS))
      assert.deepEqual(days, [1, 2, 3, 3])
      for (const one of lost) assert.equal(await statusOf(one), 'completed')
    })

    test('a fault of one message keeps no other from it, is kept once, and heals when its cause is gone', async () => {
      await poll()
      platform.kept.length = 0
      const { database } = on.app.service
      const broken = await paid({ minor: 1999 })
      const sound = await paid()
      const real = database.inTransaction
      const failing = { isOn: true }
      Object.assign(database, {
        inTransaction: async (work: Parameters<typeof real>[0], patience: Parameters<typeof real>[1]) =>
          await real(async (tx) => {
            const done = await work(tx)
            const row = await tx
              .selectFrom('orders')
              .select('status')
              .where('order_id', '=', broken.orderId as never)
              .executeTakeFirst()
            if (failing.isOn && row?.status === 'completed') throw new Error('a fault of ours')
            return done
          }, patience),
      })
      try {
        const at = (await positionRow())?.read_until_ms
        for (const _ of [1, 2, 3]) {
          clock.moveMs(MINUTE_MS)
          await poll()
          assert.deepEqual([await statusOf(broken), await statusOf(sound)], ['pending', 'completed'])
          assert.equal((await positionRow())?.read_until_ms, at)
        }
        const { db } = database
        const kept = await db.selectFrom('payment_events').selectAll().where('verdict', '=', 'error').execute()
        assert.equal(kept.length, 1)
        failing.isOn = false
        clock.moveMs(MINUTE_MS)
        assert.equal(await poll(), 1)
        assert.equal(await statusOf(broken), 'completed')
        assert.equal((await positionRow())?.read_until_ms, clock.nowMs())
      } finally {
        Object.assign(database, { inTransaction: real })
      }
      await assertBooks(on.app)
    })
  },
  { channels: [channel, otherChannel], clock, variables: { APPS: localApps({ testPurchases: false }) } },
)
