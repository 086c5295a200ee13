import { STRIPE_SIGNATURE_HEADER, signStripeEvent } from '../../../src/channels/stripe/index.ts'
import { idsOf, type StripePurchase, stripeEvent } from '../stripe-events.ts'
import { APP_ID } from '../test-app.ts'
import type { Bought, Fact, Voice, VoiceMessage } from './voice.ts'

const ANY_DAY_S = Date.UTC(2026, 0, 1) / 1000

/** Stripe by its events: each fact in all the words that it has for it, those of charges and intents included. */
export const stripeVoice: Voice = {
  channels: (secret) => ({ stripe: { appId: APP_ID, webhookSecrets: [endpointSecret(secret)] } }),
  tells: {
    failures: true,
    refunds: 'each_sum',
    undoneRefunds: true,
    wildSums: false,
    disputes: ['open', 'lost', 'won', 'lost then won', 'lost at once'],
    secondCharges: true,
    wrongPrices: 'in_review',
  },
  orderId: (no) => `any-${no}`,
  transactionId: ({ orderNo, chargeNo }) => idsOf({ tag: `any${orderNo}n${chargeNo}` }).intent,
  payment: (bought) => {
    const purchase = purchaseOf(bought)
    const others = ['payment_intent.succeeded', 'charge.succeeded'].map((type) => message(type, purchase))
    // Every other one by a method that takes days.
    if (!/[02468]n[0-9]$/.test(bought.transactionId))
      return [message('checkout.session.completed', purchase), ...others]
    const unpaid = message('checkout.session.completed', purchase, { payment_status: 'unpaid' })
    return [unpaid, message('checkout.session.async_payment_succeeded', purchase), ...others]
  },
  failure: (bought) => {
    const purchase = purchaseOf(bought)
    return [
      message('payment_intent.payment_failed', purchase),
      message('checkout.session.async_payment_failed', purchase),
    ]
  },
  notice: (bought, fact) => noticesOf(purchaseOf(bought), fact),
  sign: (secret, { message: { body }, nowMs }) => ({
    [STRIPE_SIGNATURE_HEADER]: signStripeEvent(endpointSecret(secret), { body, nowMs }),
  }),
  isTaken: ({ status }) => status === 200,
}

function noticesOf(
  purchase: StripePurchase,
  { type, id, amountMinor = purchase.amount ?? 0, atMs }: Fact,
): VoiceMessage[] {
  const object = { id: `${id}_${purchase.tag}`, amount: amountMinor }
  const at = { created: ANY_DAY_S + atMs }
  const pending = { ...object, status: 'pending' }
  switch (type) {
    case 'refund.succeeded':
      return [
        message('refund.created', purchase, pending, at),
        message('refund.updated', purchase, object, at),
        message('charge.refunded', purchase, { amount_refunded: amountMinor }, at),
      ]
    case 'refund.reversed':
      return [
        message('refund.failed', purchase, object, at),
        message('charge.refund.updated', purchase, { ...object, status: 'failed' }, at),
      ]
    case 'dispute.opened':
      return [
        message('charge.dispute.created', purchase, object, at),
        message('charge.dispute.funds_withdrawn', purchase, object, at),
      ]
    case 'dispute.lost':
      return [message('charge.dispute.closed', purchase, { ...object, status: 'lost' }, at)]
    case 'dispute.won':
      return [message('charge.dispute.closed', purchase, { ...object, status: 'won' }, at)]
  }
}

function message(
  type: string,
  purchase: StripePurchase,
  object: Record<string, unknown> = {},
  event: Record<string, unknown> = {},
): VoiceMessage {
  return { path: '/webhooks/stripe', body: stripeEvent(type, purchase, { object, event }) }
}

function purchaseOf({ transactionId, orderId, uid, itemId, amountMinor: amount }: Bought): StripePurchase {
  return { tag: transactionId.slice('pi_'.length), uid, orderId, itemId, amount }
}

function endpointSecret(secret: string): string {
  return `whsec_${secret}`
}
