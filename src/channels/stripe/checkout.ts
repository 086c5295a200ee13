import type { Stripe } from 'stripe'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { Checkout, OpenedCheckout, OrderToPay } from '../channel.ts'
import { toStripe } from './amounts.ts'
import type { StripeInstance } from './claim.ts'
import type { AskStripe } from './client.ts'
import { METADATA } from './wire.ts'

type SessionWanted = NonNullable<Parameters<Stripe['checkout']['sessions']['create']>[0]>

/**
 * Stripe takes no session that ends within half an hour from when it is asked, and this order may be asked for again, in the
 * very same words, until its own end. So this is the least that holds; the session is closed at the order's end.
 */
const SESSION_OUTLIVES_ORDER_MS = 31 * 60 * 1000

/** Opens a Checkout Session for an order. Asked again by the same order, Stripe answers the same session. */
export async function openSession(
  { appId, returnUrl: defaultUrl }: StripeInstance,
  { ask, order }: { ask: AskStripe; order: OrderToPay },
): Promise<Outcome<Checkout>> {
  const price = toStripe(order.price)
  if (price === null) {
    return refusedField('payment_channel', `Stripe cannot charge exactly this price in ${order.price.currency}`)
  }
  const { orderId, playerId, itemId, itemName, quantity, returnUrl } = order
  const metadata = {
    [METADATA.appId]: appId,
    [METADATA.orderId]: orderId,
    [METADATA.playerId]: String(playerId),
    [METADATA.itemId]: String(itemId),
    [METADATA.quantity]: String(quantity),
  }
  const name = itemName === '' ? `Item ${itemId}` : itemName
  const backTo = returnUrl ?? defaultUrl
  const wanted: SessionWanted = {
    mode: 'payment',
    line_items: [
      {
        // The price is that of the whole order: nothing is divided.
        quantity: 1,
        price_data: {
          ...{ currency: price.currency, unit_amount: price.amount },
          product_data: { name: quantity === 1 ? name : `${quantity} × ${name}` },
        },
      },
    ],
    client_reference_id: orderId,
    metadata,
    // Refunds, disputes and whoever looks at the payment see the PaymentIntent, not the session.
    payment_intent_data: { metadata },
    expires_at: Math.ceil((order.expiresAtMs + SESSION_OUTLIVES_ORDER_MS) / 1000),
    ...(backTo === null ? {} : { success_url: backTo, cancel_url: backTo }),
  }
  const idempotencyKey = `order:${orderId}:session`
  const opened = await ask((stripe) => stripe.checkout.sessions.create(wanted, { idempotencyKey }))
  if (opened.kind === 'refused') {
    return refusedField('payment_channel', `Stripe opens no checkout for this order (${opened.code})`)
  }
  if (opened.kind === 'unavailable' || opened.value.url === null) return refused('channel_unavailable')
  return accepted({ kind: 'url', url: opened.value.url, reference: opened.value.id })
}

/** Ends a session. One that was paid or has ended is refused, and over all the same. */
export async function closeSession(
  ask: AskStripe,
  { reference }: Pick<OpenedCheckout, 'reference'>,
): Promise<Outcome<'closed'>> {
  if (reference === null) return accepted('closed')
  const closed = await ask((stripe) => stripe.checkout.sessions.expire(reference))
  return closed.kind === 'unavailable' ? refused('channel_unavailable') : accepted('closed')
}
