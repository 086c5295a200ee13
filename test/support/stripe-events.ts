import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { STRIPE_SIGNATURE_HEADER, signStripeEvent } from '../../src/channels/stripe/index.ts'
import type { Running } from './every-engine.ts'
import { type Answer, APP_ID, OTHER_APP_ID, RETURN_URL } from './test-app.ts'

/** Secrets of the tests' endpoints: made for this run, and worthless. */
export const STRIPE_SECRET = `whsec_${randomBytes(24).toString('hex')}`
export const ROLLED_SECRET = `whsec_${randomBytes(24).toString('hex')}`
export const OTHER_SECRET = `whsec_${randomBytes(24).toString('hex')}`

/** The key of the tests' account: the API on loopback takes no other. */
export const STRIPE_KEY = `rk_test_${randomBytes(12).toString('hex')}`

/** A Payment Link that stands for item 2. */
export const LINK = 'plink_1TestExample00000001'

/** CHANNELS with two instances of Stripe, of one app each; neither calls out. */
export const STRIPE_CHANNELS = {
  stripe: {
    appId: APP_ID,
    webhookSecrets: [STRIPE_SECRET, ROLLED_SECRET],
    items: { gems: 2, [LINK]: 2 },
  },
  others: { type: 'stripe', appId: OTHER_APP_ID, webhookSecrets: [OTHER_SECRET] },
}

/** The settings of an instance that calls out. */
export function callingOut(apiUrl: string, more: object = {}) {
  return {
    appId: APP_ID,
    secretKey: STRIPE_KEY,
    webhookSecrets: [STRIPE_SECRET],
    returnUrl: RETURN_URL,
    apiUrl,
    ...more,
  }
}

/** A purchase at Stripe: what a test cares about it says itself. */
export interface StripePurchase {
  /** In the ids of everything that belongs to it. */
  readonly tag: string
  readonly uid: string
  readonly orderId?: string
  readonly itemId?: number
  readonly amount?: number
  readonly currency?: string
}

type Json = Record<string, unknown>

/** The ids of what Stripe keeps of a purchase. */
export function idsOf({ tag }: Pick<StripePurchase, 'tag'>) {
  const name = tag.replaceAll(/[^A-Za-z0-9]/g, '')
  return {
    session: `cs_test_${name}`,
    intent: `pi_${name}`,
    charge: `ch_${name}`,
    refund: `re_${name}`,
    dispute: `du_${name}`,
  }
}

/** An event of Stripe about a purchase, as a body; `object` and `event` change what the fixture of its type says. */
export function stripeEvent(
  type: string,
  bought: StripePurchase,
  { object = {}, event = {} }: { object?: Json; event?: Json } = {},
): string {
  const body = fixture(type)
  const data = body['data'] as { object: Json }
  const facts = { ...data.object, ...factsOf(String(data.object['object']), bought), ...object }
  return JSON.stringify({ ...body, id: `evt_${randomBytes(12).toString('hex')}`, ...event, data: { object: facts } })
}

export function fixture(type: string): Json {
  const file = new URL(`./fixtures/stripe/${type.replaceAll(/[._]/g, '-')}.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')) as Json
}

/** Our facts, as they stand in the metadata of a session and of its PaymentIntent. */
export function metadataOf({ uid, orderId, itemId = 1 }: StripePurchase): Json {
  const order = orderId === undefined ? {} : { order_id: orderId }
  return { app_id: APP_ID, player_id: uid, item_id: String(itemId), quantity: '1', ...order }
}

function factsOf(kind: string, bought: StripePurchase): Json {
  const { orderId = null, amount = 1999, currency = 'usd' } = bought
  const { session, intent, charge, refund, dispute } = idsOf(bought)
  const metadata = metadataOf(bought)
  switch (kind) {
    case 'checkout.session':
      return {
        ...{ id: session, client_reference_id: orderId, metadata, payment_intent: intent, currency },
        ...{ amount_subtotal: amount, amount_total: amount },
      }
    case 'payment_intent':
      return { id: intent, latest_charge: charge, metadata, amount, amount_received: amount, currency }
    case 'charge':
      return { id: charge, payment_intent: intent, metadata, amount, amount_captured: amount, currency }
    case 'refund':
      return { id: refund, payment_intent: intent, charge, amount, currency }
    case 'dispute':
      return { id: dispute, payment_intent: intent, charge, amount, currency }
    default:
      return { payment_intent: intent, charge }
  }
}

/** The events of Stripe to a running app. */
export function stripeOf(on: Running) {
  const send = (
    body: string,
    { instance = 'stripe', secret = STRIPE_SECRET, atMs = Date.now(), headers = {} }: StripeSending = {},
  ): Promise<Answer> => {
    const signature = signStripeEvent(secret, { body, nowMs: atMs })
    const proof = {
      [STRIPE_SIGNATURE_HEADER]: signature,
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    }
    return on.app.call('POST', `/webhooks/${instance}`, { body, headers: { ...proof, ...headers } })
  }
  return {
    send,
    tell: (type: string, bought: StripePurchase, changes: Parameters<typeof stripeEvent>[2] = {}) =>
      send(stripeEvent(type, bought, changes)),
  }
}

export interface StripeSending {
  readonly instance?: string
  readonly secret?: string
  readonly atMs?: number
  readonly headers?: Readonly<Record<string, string>>
}
