import { type Static, Type } from 'typebox'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Checkout, OpenedCheckout, OrderToPay } from '../channel.ts'
import { skuOfItem } from '../item-of-sku.ts'
import { isSafeAddress } from '../platform-call.ts'
import { fits } from '../read-body.ts'
import { callAppcharge, unavailable } from './client.ts'
import type { AppchargeInstance } from './instance.ts'
import { SessionSchema } from './wire.ts'

/** What is kept of a session: by it the session is closed, and what was paid in it is found and known again. */
const ReferenceSchema = Type.Object({
  purchaseId: Type.String(),
  token: Type.String(),
  uid: Type.String(),
  itemId: Type.Integer(),
  quantity: Type.Integer(),
  priceMinor: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  currency: Type.String(),
  expiresAtMs: Type.Integer(),
})
export type CheckoutReference = Static<typeof ReferenceSchema>

// The platform's own words of why not: a sentence.
const WORDS_LENGTH_MAX = 200

/**
 * Opens a checkout session with the price that the order keeps. Appcharge knows no key by which a second one would be the same, so
 * what was opened is kept by us.
 */
export async function openSession(instance: AppchargeInstance, order: OrderToPay): Promise<Outcome<Checkout>> {
  const { checkout } = instance
  if (checkout === null) return accepted({ kind: 'external' })
  const answer = await callAppcharge(instance, {
    method: 'POST',
    path: '/checkout/v1/session',
    body: sessionOf(instance, order),
  })
  if (!answer.ok) return answer
  const { status, json } = answer.value
  if (status >= 400)
    return refused('checkout_refused', { details: [{ path: 'payment_channel', message: wordsOf(json) }] })
  if (!fits(SessionSchema, json)) return unavailable()
  const { checkoutSessionToken, purchaseId, parsedUrl } = json
  if (!isSafeAddress(parsedUrl)) return unavailable()
  return accepted({
    kind: 'url',
    url: parsedUrl,
    client: { checkoutSessionToken, purchaseId },
    reference: JSON.stringify(referenceOf(order, { purchaseId, token: checkoutSessionToken })),
  })
}

function sessionOf(instance: AppchargeInstance, order: OrderToPay): object {
  const sku = skuOfItem(instance.items, order.itemId)
  const name = order.itemName || sku
  const redirectUrl = order.returnUrl ?? instance.checkout?.returnUrl
  return {
    priceDetails: { price: order.price.minor, currency: order.price.currency },
    offer: { name, sku },
    items: [{ name, sku, quantity: order.quantity }],
    customer: { id: String(order.playerId) },
    sessionMetadata: { order_id: order.orderId },
    ...(redirectUrl ? { redirectUrl } : {}),
  }
}

function referenceOf(
  { playerId, itemId, quantity, price, expiresAtMs }: OrderToPay,
  session: Pick<CheckoutReference, 'purchaseId' | 'token'>,
): CheckoutReference {
  const { minor: priceMinor, currency } = price
  return { ...session, uid: String(playerId), itemId, quantity, priceMinor, currency, expiresAtMs }
}

/** A blocked player, a currency that is not switched on: what it says of them. */
function wordsOf(json: unknown): string {
  const { message, errorMessage } = (json ?? {}) as Readonly<Record<string, unknown>>
  const said = [message, errorMessage].find((text) => typeof text === 'string' && text !== '')
  return typeof said === 'string' ? said.slice(0, WORDS_LENGTH_MAX) : 'Appcharge opens no checkout for this order'
}

/** What is kept of a checkout; null where nothing is, or not by this release. */
export function readReference(text: string | null): CheckoutReference | null {
  if (text === null) return null
  try {
    const value: unknown = JSON.parse(text)
    return fits(ReferenceSchema, value) ? value : null
  } catch {
    return null
  }
}

const ClosedSchema = Type.Object({ isOrderCancelled: Type.Literal(false) })

/** Ends a session; one that Appcharge does not know any more has ended by itself. */
export async function closeSession(
  instance: AppchargeInstance,
  { reference }: Pick<OpenedCheckout, 'reference'>,
): Promise<Outcome<'closed'>> {
  const session = readReference(reference)
  if (!session) return accepted('closed')
  const answer = await callAppcharge(instance, {
    method: 'POST',
    path: '/checkout/v3/cancel',
    headers: { authorization: `Bearer ${session.token}` },
  })
  if (!answer.ok) return answer
  return fits(ClosedSchema, answer.value.json) ? unavailable() : accepted('closed')
}
