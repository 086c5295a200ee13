import { after, before } from 'node:test'
import { type DroppingPlatform, dropsAreHealed, HEALERS } from '../support/drop-notices.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { listingChannel, listingPlatform } from '../support/listing-platform.ts'
import { createOrder } from '../support/orders.ts'

for (const healer of HEALERS) {
  const clock = fakeClock()
  const listing = listingPlatform({ instance: 'listing', nowMs: clock.nowMs })
  const channel = listingChannel('listing', listing)
  const platform: DroppingPlatform = {
    ...{ instance: 'listing', orders: 1_000, fates: ['refunded', 'paid', 'paid', 'paid', 'paid'] },
    happen: async (app, { no, fate, token, uid }) => {
      const { order_id: orderId } = await createOrder(app, token, { payment_channel: 'listing' })
      const paid = listing.tell({ say: 'paid', id: `t-${no}`, order_id: orderId, uid })
      const told = [{ kind: 'paid', ...paid }]
      if (fate === 'refunded') told.push({ kind: 'refunded', ...listing.tell({ say: 'refunded', id: `t-${no}` }) })
      return { orderId, told }
    },
  }
  before(() => listing.open())
  after(() => listing.close())
  onEveryEngine(
    (on) => {
      before(() => {
        listing.kept.length = 0
      })
      dropsAreHealed(on, { healer, platform, clock, channel })
    },
    { channels: [channel], clock },
  )
}
