import { createHash } from 'node:crypto'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import { type PlayApi, unavailable } from './client.ts'
import type { Order, ProductLine, Purchase } from './wire.ts'

/** A purchase as Play has it now, with the order that says what it cost. */
export interface KnownPurchase {
  readonly token: string
  readonly purchase: Purchase
  /** Null where nobody paid: a tester, a promotion. */
  readonly order: Order | null
  /** What Play answered, as evidence. */
  readonly json: object
}

/** Only `purchased` is money. A state that we do not know is pending. */
export type PurchaseState = 'purchased' | 'pending' | 'cancelled'

/**
 * Asks Play for a purchase, and for its order where one was paid: the purchase itself names no price. Null where Play knows
 * none. A price is told or asked for again, never guessed: the same purchase has to be told alike each time.
 */
export async function askForPurchase(api: PlayApi, token: string): Promise<Outcome<KnownPurchase | null>> {
  const asked = await api.purchase(token)
  if (!asked.ok) return asked
  if (asked.value === null) return accepted(null)
  const { value: purchase, json } = asked.value
  const orderId = orderIdOf(purchase)
  const isPaid = purchase.purchaseStateContext.purchaseState === 'PURCHASED' && environmentOf(purchase) === 'live'
  if (!isPaid || orderId === null) return accepted({ token, purchase, order: null, json: { purchase: json } })
  const order = await api.order(orderId)
  if (!order.ok) return order
  if (order.value === null) return unavailable('Google Play does not show the order of a purchase')
  const { purchaseToken = token } = order.value.value
  if (purchaseToken !== token) return unavailable('Google Play shows the order of another purchase')
  // Where its buyer lives is nothing that we need.
  const { buyerAddress: _, ...shown } = order.value.json as Record<string, unknown>
  return accepted({ token, purchase, order: order.value.value, json: { purchase: json, order: shown } })
}

/** The order's state counts too: its money may have gone back while the purchase stays. */
export function stateOf({ purchase, order }: Pick<KnownPurchase, 'purchase' | 'order'>): PurchaseState {
  const { purchaseState } = purchase.purchaseStateContext
  if (purchaseState === 'CANCELLED' || purchaseState === 'CANCELED') return 'cancelled'
  if (purchaseState !== 'PURCHASED') return 'pending'
  return order === null ? 'purchased' : stateOfOrder(order)
}

/** Whether an order's money is ours. */
export function stateOfOrder({ state }: Pick<Order, 'state'>): PurchaseState {
  switch (state) {
    case 'PROCESSED':
    case 'PARTIALLY_REFUNDED':
      return 'purchased'
    case 'REFUNDED':
    case 'CANCELED':
    case 'CANCELLED':
      return 'cancelled'
    default:
      return 'pending'
  }
}

/** Purchases of license testers cost nothing. */
export function environmentOf({ testPurchaseContext: test }: Purchase): PaymentEnvironment {
  return test === undefined || test === null ? 'live' : 'test'
}

/** Play's number of the order, `GPA...`, as its receipts and reports have it; null where nothing was paid. */
export function orderIdOf({ orderId }: Pick<Purchase, 'orderId'>): string | null {
  return orderId === undefined || orderId === '' ? null : orderId
}

export function quantityOf({ productOfferDetails: details }: ProductLine): number {
  return details?.quantity ?? 1
}

const NAME_CHARS_MAX = 200

/** How a token stands in our books: itself, or its hash where it is longer than a name there. */
export function nameOfToken(token: string): string {
  return token.length <= NAME_CHARS_MAX ? token : `sha256:${hashOfToken(token)}`
}

export function hashOfToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

/**
 * The names of a payment, the first of which Play can be asked by: its token, or the number of its order where the token is
 * too long to be kept whole.
 */
export function namesOf({ token, orderId }: { token: string; orderId: string | null }): [string, ...string[]] {
  const name = nameOfToken(token)
  if (orderId === null) return [name]
  return name === token ? [name, orderId] : [orderId, name]
}
