import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { reconcile } from '../../src/features/reconciliation/index.ts'
import { type DroppingPlatform, dropsAreHealed } from '../support/drop-notices.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { listingChannel, listingPlatform } from '../support/listing-platform.ts'

const HOUR_MS = 60 * 60_000

for (const name of ['a poll', 'a reconciliation'] as const) {
  const clock = fakeClock()
  const listing = listingPlatform({ instance: 'listing', nowMs: clock.nowMs })
  const channel = listingChannel('listing', listing)
  const platform: DroppingPlatform = {
    instance: 'listing',
    happen: ({ kind, no, orderId, uid }) =>
      listing.tell({ say: kind, id: `t-${no}`, ...(kind === 'paid' ? { order_id: orderId, uid } : {}) }),
  }
  before(() => listing.open())
  after(() => listing.close())
  onEveryEngine(
    (on) => {
      before(() => {
        listing.kept.length = 0
      })
      dropsAreHealed(on, {
        ...{ name, platform, clock },
        heal: async (app, messageDeps) => {
          clock.moveMs(60_000)
          if (name === 'a poll') return await app.service.jobs.run('poll-platforms listing')
          const [fromMs, untilMs] = [clock.nowMs() - HOUR_MS, clock.nowMs()]
          const wanted = { channel, fromMs, untilMs, rows: null, apply: true, progress: () => undefined }
          const done = await reconcile(messageDeps, wanted)
          assert.ok(done.ok)
          const counts = [...done.value.counts.values()]
          assert.equal(
            counts.reduce((sum, { open }) => sum + open, 0),
            0,
          )
          const [dollars] = done.value.totals
          assert.deepEqual(dollars?.there, dollars?.here)
          assert.equal(dollars?.there.paid, 1_000n * 1999n)
          assert.equal(dollars?.there.back, 200n * 1999n)
          return counts.reduce((sum, { healed }) => sum + healed, 0)
        },
      })
    },
    { channels: [channel], clock },
  )
}
