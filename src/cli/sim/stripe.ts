import { createHash } from 'node:crypto'
import { STRIPE_SIGNATURE_HEADER, signStripeEvent, toStripe } from '../../channels/stripe/index.ts'
import type { StripeChannelConfig } from '../../config/config.ts'
import { minorUnits, parseCurrency } from '../../kernel/money.ts'
import { CommandRefused } from '../command.ts'
import {
  OWN_ANSWERS,
  REVERSAL_TYPES,
  type ReversalType,
  type SimOrder,
  type SimPlatform,
  type SimPlatformType,
  type Telling,
} from './platform.ts'

/** Stripe, as far as its events go: nobody pays on its pages. */
export const stripeType: SimPlatformType<'stripe'> = {
  tells: Object.keys(REVERSAL_TYPES) as ReversalType[],
  open: (channel) => stripePlatform(channel),
}

function stripePlatform({ instance, appId, webhookSecrets: [own] }: StripeChannelConfig): SimPlatform {
  if (own === undefined) throw new CommandRefused(`the channel ${instance} has no secret`)
  return {
    instance,
    message: (order, { telling, transactionId }) => {
      const { type, object } = told(order, { appId, telling, name: transactionId.replaceAll(/[^A-Za-z0-9]/g, '') })
      const said = JSON.stringify([type, object, telling])
      const event = {
        id: `evt_${createHash('sha256').update(said).digest('hex').slice(0, 24)}`,
        ...{ object: 'event', type, created: Math.floor(telling.atMs / 1000), livemode: true, data: { object } },
      }
      return { says: `${type} ${transactionId}`, path: `/webhooks/${instance}`, body: JSON.stringify(event) }
    },
    signature: {
      sign: ({ body }, { nowMs, secret = own }) => ({
        [STRIPE_SIGNATURE_HEADER]: signStripeEvent(secret, { body, nowMs }),
      }),
      headers: [STRIPE_SIGNATURE_HEADER],
      tellsAge: ['stale', 'early'],
    },
    answers: OWN_ANSWERS,
    silentPayment: null,
  }
}

function told(
  order: SimOrder,
  { appId, telling, name }: { appId: string; telling: Telling; name: string },
): { type: string; object: object } {
  const { amount, currency } = priceOf(order)
  const of = { amount, currency, payment_intent: `pi_${name}`, charge: `ch_${name}` }
  switch (telling.type) {
    case 'payment.succeeded':
      return { type: 'checkout.session.completed', object: sessionOf(order, { appId, name }) }
    case 'refund.succeeded':
      return { type: 'refund.created', object: { id: `re_${name}`, object: 'refund', status: 'succeeded', ...of } }
    case 'refund.reversed':
      return { type: 'refund.failed', object: { id: `re_${name}`, object: 'refund', status: 'failed', ...of } }
    case 'dispute.opened':
      return disputed('charge.dispute.created', { name, status: 'needs_response', of })
    case 'dispute.lost':
      return disputed('charge.dispute.closed', { name, status: 'lost', of })
    case 'dispute.won':
      return disputed('charge.dispute.closed', { name, status: 'won', of })
  }
}

function disputed(type: string, { name, status, of }: { name: string; status: string; of: object }) {
  return { type, object: { id: `du_${name}`, object: 'dispute', status, reason: 'fraudulent', ...of } }
}

function sessionOf(order: SimOrder, { appId, name }: { appId: string; name: string }): object {
  const { amount, currency } = priceOf(order)
  const { orderId, uid, itemId } = order
  return {
    ...{
      id: `cs_test_${name}`,
      object: 'checkout.session',
      mode: 'payment',
      status: 'complete',
      payment_status: 'paid',
    },
    ...{ amount_subtotal: amount, amount_total: amount, currency, client_reference_id: orderId },
    metadata: { app_id: appId, order_id: orderId, player_id: uid, item_id: String(itemId), quantity: '1' },
    total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
    ...{ payment_intent: `pi_${name}`, payment_link: null, livemode: true },
  }
}

function priceOf({ priceMinor, currency: code }: SimOrder) {
  const currency = parseCurrency(code)
  const price = currency && toStripe({ minor: minorUnits(priceMinor), currency })
  if (!price) throw new CommandRefused(`Stripe cannot charge exactly this price in ${code}`)
  return price
}
