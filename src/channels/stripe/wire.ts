import { type Static, Type } from 'typebox'

const id = Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 })
const amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })
const currency = Type.String({ pattern: '^[a-z]{3}$', maxLength: 3 })
const word = Type.String({ maxLength: 100 })
/** What may be missing in events of older versions of the API, and is null where it does not apply. */
const orNull = <T extends Parameters<typeof Type.Optional>[0]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]))
/** Another object: by its id, or whole where somebody asked for that. */
const reference = orNull(Type.Union([id, Type.Object({ id })]))
/** Strings by name, whatever the names; who reads one looks for its own. */
const metadata = orNull(Type.Record(Type.String(), Type.String()))

/** The envelope of an event. Thin events are another format. */
export const EventSchema = Type.Object({
  id,
  object: Type.Literal('event'),
  type: word,
  /** In seconds. */
  created: Type.Integer({ minimum: 0, maximum: 100_000_000_000 }),
  livemode: Type.Boolean(),
  data: Type.Object({ object: Type.Object({}) }),
})
export type StripeEvent = Static<typeof EventSchema>

/** A Checkout Session, as far as it matters here. */
export const SessionSchema = Type.Object({
  id,
  object: Type.Literal('checkout.session'),
  mode: word,
  payment_status: word,
  /** Before discounts and taxes. */
  amount_subtotal: orNull(amount),
  amount_total: orNull(amount),
  total_details: orNull(Type.Object({ amount_discount: orNull(amount), amount_tax: orNull(amount) })),
  currency: orNull(currency),
  client_reference_id: orNull(Type.String()),
  metadata,
  payment_intent: reference,
  payment_link: reference,
  livemode: Type.Boolean(),
})
export type StripeSession = Static<typeof SessionSchema>

/** A PaymentIntent that a backend of the studio's own made, without a Checkout Session. */
export const IntentSchema = Type.Object({
  id,
  object: Type.Literal('payment_intent'),
  status: word,
  amount_received: amount,
  currency,
  metadata,
  livemode: Type.Boolean(),
})
export type StripeIntent = Static<typeof IntentSchema>

export const RefundSchema = Type.Object({
  id,
  object: Type.Literal('refund'),
  amount,
  currency,
  status: orNull(word),
  charge: reference,
  payment_intent: reference,
})
export type StripeRefund = Static<typeof RefundSchema>

export const DisputeSchema = Type.Object({
  id,
  object: Type.Literal('dispute'),
  amount,
  currency,
  status: word,
  charge: reference,
  payment_intent: reference,
})
export type StripeDispute = Static<typeof DisputeSchema>

/** The names under which we put our own facts into the metadata of what we make at Stripe. */
export const METADATA = {
  appId: 'app_id',
  orderId: 'order_id',
  playerId: 'player_id',
  itemId: 'item_id',
  /** In the place of `item_id`: as the instance's `items` name it. */
  sku: 'sku',
  quantity: 'quantity',
  /** `payment_intent` on a PaymentIntent that is to be settled by itself: one of a session settles with its session. */
  settleBy: 'settle_by',
} as const

/** The id of what another object refers to. */
export function idOf(of: Static<typeof reference> | undefined): string | null {
  return typeof of === 'string' ? of : (of?.id ?? null)
}
