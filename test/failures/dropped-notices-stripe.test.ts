import { after, before } from 'node:test'
import { STRIPE_SIGNATURE_HEADER, signStripeEvent } from '../../src/channels/stripe/index.ts'
import { type DroppingPlatform, dropsAreHealed, type Fate, HEALERS } from '../support/drop-notices.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { createOrder } from '../support/orders.ts'
import { callingOut, metadataOf, STRIPE_SECRET, stripeEvent } from '../support/stripe-events.ts'
import { startStripeServer } from '../support/stripe-server.ts'

type Json = Record<string, unknown>

const PART = 999

/** What Stripe tells of an order after its payment. */
function toldAfter(fate: Fate, orderId: string): { type: string; object: Json }[] {
  const refund = (no: number, amount: number) => ({
    type: no % 2 === 0 ? 'refund.created' : 'refund.updated',
    object: { id: `re_${no}_${orderId}`, amount, status: 'succeeded' },
  })
  const dispute = (status: string) => [
    { type: 'charge.dispute.created', object: { status: 'needs_response' } },
    { type: 'charge.dispute.closed', object: { status } },
  ]
  switch (fate) {
    case 'refunded':
      return [refund(0, 1999)]
    case 'refunded in part':
      return [refund(1, PART)]
    case 'refunded in two parts':
      return [refund(1, PART), refund(2, 1999 - PART)]
    case 'lost':
    case 'won':
      return dispute(fate)
    default:
      return []
  }
}

const server = await startStripeServer()
after(() => server.close())

for (const healer of HEALERS) {
  const clock = fakeClock()
  const platform: DroppingPlatform = {
    ...{ instance: 'stripe', orders: 1_000, partMinor: PART },
    fates: [
      ...(['paid', 'refunded', 'paid', 'lost', 'paid', 'won', 'paid'] as const),
      ...(['refunded in part', 'refunded in two parts', 'paid'] as const),
    ],
    happen: async (app, { no, fate, token, uid }) => {
      const { order_id: orderId, checkout } = await createOrder(app, token, { payment_channel: 'stripe' })
      const bought = { tag: orderId, uid, orderId }
      const alone = { ...metadataOf(bought), settle_by: 'payment_intent' }
      const session = { id: /[^/]+$/.exec(checkout.url)?.[0] }
      // Every other ten by an intent of the studio's own, of which no session tells.
      const paid =
        Math.floor(no / 10) % 2 === 0
          ? { type: 'checkout.session.completed', object: session }
          : { type: 'payment_intent.succeeded', object: { metadata: alone } }
      const told = [paid, ...toldAfter(fate, orderId)].map(({ type, object }, at) => {
        const created = Math.floor(clock.nowMs() / 1000) + at
        const body = stripeEvent(type, bought, { object, event: { created } })
        server.events.push(JSON.parse(body) as Json)
        const signature = signStripeEvent(STRIPE_SECRET, { body, nowMs: clock.nowMs() })
        const headers = { [STRIPE_SIGNATURE_HEADER]: signature, 'content-type': 'application/json' }
        const isOvertaken = type === 'charge.dispute.created'
        const kind = type.startsWith('refund') || type.endsWith('closed') ? `${type} of what is ${fate}` : type
        return { kind, path: '/webhooks/stripe', headers, body, isOvertaken }
      })
      return { orderId, told }
    },
    sort: () => server.events.sort((one, other) => Number(other['created']) - Number(one['created'])),
  }
  onEveryEngine(
    (on) => {
      before(() => {
        server.events.length = 0
      })
      dropsAreHealed(on, { healer, platform, clock })
    },
    { clock, variables: { CHANNELS: JSON.stringify({ stripe: callingOut(server.url) }) } },
  )
}
