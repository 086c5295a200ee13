import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { systemClock } from '../../src/kernel/clock.ts'
import { assertBooks, orderRow } from '../support/books.ts'
import { runProgram } from '../support/child-server.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { listingChannel, listingPlatform } from '../support/listing-platform.ts'
import { createOrder } from '../support/orders.ts'

// Longer than a dead process keeps a channel to itself.
const LATER_MS = 11 * 60_000
const clock = aheadClock()
const platform = listingPlatform({ instance: 'listing', nowMs: clock.nowMs })
const channel = listingChannel('listing', platform)
before(() => platform.open())
after(() => platform.close())

onEveryEngine(
  (on) => {
    let players = 0
    const lose = async (count: number): Promise<string[]> => {
      platform.kept.length = 0
      players += 1
      const { token, uid } = await on.app.logIn(`poll-kill-${players}`)
      const orderIds: string[] = []
      for (let no = 0; no < count; no++) {
        const { order_id } = await createOrder(on.app, token, { payment_channel: 'listing' })
        platform.tell({ say: 'paid', id: `k-${players}-${no}`, order_id, uid, at: clock.nowMs() - 60_000 })
        orderIds.push(order_id)
      }
      return orderIds
    }
    const pollInChild = () => {
      const aheadMs = clock.nowMs() - systemClock.nowMs()
      const task = JSON.stringify({ variables: on.app.variables, url: platform.url, aheadMs })
      return runProgram('test/support/poll-process.ts', { args: [task] })
    }
    const position = async () => {
      const row = await on.app.service.database.db.selectFrom('poll_positions').selectAll().executeTakeFirst()
      return row?.read_until_ms
    }
    const delivered = async (orderIds: readonly string[]): Promise<number> => {
      const rows = await Promise.all(orderIds.map((id) => orderRow(on.app, id)))
      return rows.filter((row) => row?.status === 'completed').length
    }
    beforeEach(() => Object.assign(platform.says, { mood: 'well', pageSize: 5 }))

    test('several processes poll at once: each message is taken in by one of them', async () => {
      const lost = await lose(20)
      const [first, second, own] = await Promise.all([
        pollInChild(),
        pollInChild(),
        on.app.service.jobs.run('poll-platforms listing'),
      ])
      assert.deepEqual([first.stderr, second.stderr], ['', ''])
      assert.equal(Number(first.stdout) + Number(second.stdout) + own, 20)
      assert.equal(await delivered(lost), 20)
      await assertBooks(on.app)
    })

    test('kill -9 in the middle of a poll: the position stands, and the next one doubles nothing', async () => {
      const lost = await lose(15)
      const stood = await position()
      assert.ok(stood !== undefined)
      Object.assign(platform.says, { mood: 'kills', pagesBeforeDeath: 2 })
      const { signal, stderr } = await pollInChild()
      assert.deepEqual([signal, stderr], ['SIGKILL', ''])
      assert.equal(await delivered(lost), 10)
      assert.equal(await position(), stood)
      platform.says.mood = 'well'
      const asked = platform.asked.length
      assert.equal(await on.app.service.jobs.run('poll-platforms listing'), 0)
      assert.equal(platform.asked.length, asked, 'whoever is dead keeps the channel for a while')
      clock.moveMs(LATER_MS)
      assert.equal(await on.app.service.jobs.run('poll-platforms listing'), 5)
      assert.equal(await delivered(lost), 15)
      assert.ok(((await position()) ?? 0) > stood)
      await assertBooks(on.app)
    })
  },
  { channels: [channel], clock },
)
