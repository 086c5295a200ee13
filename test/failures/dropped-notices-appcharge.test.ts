import { after, before } from 'node:test'
import { appchargeCall, appchargeChannels, awardOf, eventOf } from '../support/appcharge.ts'
import { startAppchargeServer, transactionOf } from '../support/appcharge-server.ts'
import { type DroppingPlatform, dropsAreHealed, type Fate, HEALERS } from '../support/drop-notices.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'

const PAGE_SIZE = 50
// With the tax that the award's fixture says.
const CHARGED = 2349

/** What Appcharge tells of a purchase after its award, as an event and as a row of its list. A dispute's loss it does not list. */
const TOLD_AFTER: Partial<Record<Fate, readonly { name: string; type: string; changes: object }[]>> = {
  refunded: [{ name: 'order-refunded', type: 'refund', changes: {} }],
  won: [
    { name: 'order-dispute-opened', type: 'dispute_funds_withdrawn', changes: {} },
    { name: 'order-dispute-resolved', type: 'dispute_funds_reinstated', changes: { result: 'won' } },
  ],
}

for (const healer of HEALERS) {
  const clock = fakeClock()
  const api = await startAppchargeServer()
  api.pageSize = PAGE_SIZE
  after(() => api.close())
  const platform: DroppingPlatform = {
    ...{ instance: 'appcharge', orders: 300, chargedMinor: CHARGED, namesMoreInList: true },
    fates: ['paid', 'refunded', 'paid', 'won'],
    // The store is Appcharge's own: nobody orders here first.
    happen: async (_, { no, fate, uid }) => {
      const orderId = `dropped${no}`
      const toldAtMs = clock.nowMs()
      const call = (callback: string, body: unknown) => appchargeCall({ callback, body, how: { nowMs: toldAtMs } })
      api.transactions.push(transactionOf({ orderId, uid, at: new Date(toldAtMs).toISOString() }))
      const events = (TOLD_AFTER[fate] ?? []).map(({ name, type, changes }, index) => {
        const timestamp = toldAtMs + index + 1
        api.transactions.push(transactionOf({ orderId, uid, type, at: new Date(timestamp).toISOString() }))
        const body = eventOf(name, { orderId, type, changes: { ...changes, timestamp } })
        return { kind: name, ...call('events', body), isOvertaken: name === 'order-dispute-opened' }
      })
      return {
        orderId: `appcharge:${orderId}`,
        told: [{ kind: 'award', ...call('award', awardOf(uid, { orderId })) }, ...events],
      }
    },
  }
  onEveryEngine(
    (on) => {
      before(() => {
        api.transactions.length = 0
      })
      dropsAreHealed(on, { healer, platform, clock })
    },
    { clock, variables: { CHANNELS: appchargeChannels({}, { apiUrl: api.url }) } },
  )
}
