import assert from 'node:assert/strict'
import { before } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { type DroppingPlatform, dropsAreHealed, HEALERS } from '../support/drop-notices.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { notification, orderOnPlay, pushOf, startGoogle, verifyOnDevice } from '../support/google-app.ts'

// Play's push is proven by a token of an hour; nothing moves the clock by that much.
for (const healer of HEALERS) {
  const world = await startGoogle()
  const { play, clock } = world
  const platform: DroppingPlatform = {
    ...{ instance: 'google', orders: 300, isPaidByDevice: true },
    fates: ['paid', 'refunded'],
    happen: async (app, { fate, token }) => {
      const { account } = await orderOnPlay(app, token)
      const bought = play.buy({ account })
      const { order_id: orderId } = assertDone(await verifyOnDevice(app, token, bought))
      if (fate === 'paid') return { orderId, told: [] }
      bought.state = 'CANCELLED'
      const atMs = clock.nowMs()
      play.voided.push({
        ...{ kind: 'androidpublisher#voidedPurchase', purchaseToken: bought.token, orderId: bought.orderId },
        ...{ purchaseTimeMillis: String(atMs), voidedTimeMillis: String(atMs), voidedSource: 0, voidedReason: 1 },
      })
      const told = await pushOf(world, notification('voided', { ...bought, atMs }))
      return { orderId, told: [{ kind: 'voided', path: '/webhooks/google', ...told }] }
    },
  }
  const { google } = JSON.parse(world.options.variables?.['CHANNELS'] ?? '{}')
  assert.ok(google)
  onEveryEngine(
    (on) => {
      before(() => {
        play.voided.length = 0
      })
      dropsAreHealed(on, { healer, platform, clock })
    },
    { clock, variables: { CHANNELS: JSON.stringify({ google }) } },
  )
}
