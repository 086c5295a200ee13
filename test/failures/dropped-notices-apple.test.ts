import { after, before } from 'node:test'
import { newConnectKey, startAppleServer } from '../support/apple-server.ts'
import { appleSettings, boughtFor, type FixtureName, newTransactionId, notificationOf } from '../support/apple-store.ts'
import { type DroppingPlatform, dropsAreHealed, type Fate, HEALERS } from '../support/drop-notices.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'

// A quarter of 19.99, rounded down: as much as the prorated fixture says.
const PART = 499
const PAGE_SIZE = 20

/** What Apple tells of an order after its payment. */
const TOLD_AFTER: Partial<Record<Fate, readonly FixtureName[]>> = {
  refunded: ['refund'],
  'refunded in part': ['refund-prorated'],
  'given again': ['refund', 'refund-reversed'],
}

for (const healer of HEALERS) {
  const [clock, key] = [aheadClock(), newConnectKey()]
  const store = await startAppleServer(key, clock)
  store.pageSize = PAGE_SIZE
  after(() => store.stop())
  const platform: DroppingPlatform = {
    ...{ instance: 'apple', orders: 300, partMinor: PART },
    fates: ['paid', 'refunded', 'paid', 'given again', 'paid', 'refunded in part'],
    happen: async (app, { fate, token }) => {
      const order = await createOrder(app, token, { payment_channel: 'apple' })
      const transaction = { transactionId: newTransactionId(), ...boughtFor(order) }
      const toldAtMs = clock.nowMs()
      const names = ['one-time-charge', ...(TOLD_AFTER[fate] ?? [])] as const
      const told = names.map((name, at) => {
        const { signedPayload } = notificationOf(name, { transaction, notification: { signedDate: toldAtMs + at } })
        store.told.push(signedPayload)
        const isOvertaken = fate === 'given again' && name === 'refund'
        const headers = { 'content-type': 'application/json' }
        const kind = isOvertaken ? 'a refund that is reversed' : name
        return { kind, path: '/webhooks/apple', headers, body: JSON.stringify({ signedPayload }), isOvertaken }
      })
      return { orderId: order.order_id, told }
    },
  }
  const settings = appleSettings({
    apiKey: key.settings,
    ...{ apiUrl: store.url, sandboxApiUrl: store.url, environments: ['Production'] },
  })
  onEveryEngine(
    (on) => {
      before(() => {
        store.told.length = 0
      })
      dropsAreHealed(on, { healer, platform, clock })
    },
    { clock, variables: { CHANNELS: JSON.stringify({ apple: settings }) } },
  )
}
