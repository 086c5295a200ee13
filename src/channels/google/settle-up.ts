import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { CallDue, PaymentNames, RefundMade, RefundWanted, Standing } from '../channel.ts'
import { type PlayApi, unavailable } from './client.ts'
import { askForPurchase, orderIdOf, stateOf, stateOfOrder } from './purchase.ts'
import { isFinished } from './translate.ts'
import { isAllGone, VOIDED } from './voided.ts'
import type { Order } from './wire.ts'

/**
 * Consumes or acknowledges what was delivered. Play refuses a repeat of what was done already, by us or by the game: then the
 * purchase itself says whether it was.
 */
export async function finishPurchase(api: PlayApi, { details }: Pick<CallDue, 'details'>): Promise<Outcome<'done'>> {
  const { way: kind, product_id: product, purchase_token: purchaseToken } = details
  const [productId, token] = [String(product), String(purchaseToken)]
  const way = kind === 'acknowledge' ? 'acknowledge' : 'consume'
  const told = await api.finish({ way, productId, token })
  if (!told.ok) return told
  if (told.value === 'done') return accepted('done')
  const asked = await api.purchase(token)
  if (!asked.ok) return asked
  if (asked.value === null) return refused('purchase_not_found')
  const purchase = asked.value.value
  if (isFinished({ purchase, productId, way })) return accepted('done')
  if (stateOf({ purchase, order: null }) === 'cancelled') return refused('purchase_revoked')
  return unavailable(`Google Play will not ${way} a purchase that stands`)
}

// The names that a payment has: see `namesOf`.
const IS_ORDER_ID = /^GPA\./
const IS_HASH = /^sha256:/

/** Whether a payment's money is still ours, by the purchase and by its order. */
export async function standingOf(
  api: PlayApi,
  { transactionId }: Pick<PaymentNames, 'transactionId'>,
): Promise<Outcome<Standing>> {
  if (transactionId === null || IS_HASH.test(transactionId)) return accepted('unknown')
  if (IS_ORDER_ID.test(transactionId)) {
    const order = await api.order(transactionId)
    if (!order.ok) return order
    return accepted(order.value === null ? 'unknown' : STANDING[stateOfOrder(order.value.value)])
  }
  const known = await askForPurchase(api, transactionId)
  if (!known.ok) return known
  if (known.value === null) return accepted('unknown')
  return accepted(isAllGone(known.value.purchase) ? 'gone' : STANDING[stateOf(known.value)])
}

const STANDING = { purchased: 'stands', cancelled: 'gone', pending: 'unknown' } as const satisfies Record<
  string,
  Standing
>

/**
 * Gives an order back, whole: Play takes no key and no amount of ours, and an order goes back once by itself. What Play
 * answers to the wish is only that it was heard; the order says whether it was done.
 */
export async function refundOrder(api: PlayApi, refund: RefundWanted): Promise<Outcome<RefundMade>> {
  if (refund.amount !== null) return refused('refund_refused')
  const orderId = await orderToRefund(api, refund)
  if (!orderId.ok) return orderId
  const before = await refundOf(api, { orderId: orderId.value, nowMs: refund.nowMs })
  if (!before.ok) return before
  if (before.value !== null) return accepted(before.value)
  const told = await api.refund(orderId.value)
  if (!told.ok) return told
  const after = await refundOf(api, { orderId: orderId.value, nowMs: refund.nowMs })
  if (!after.ok) return after
  if (after.value !== null) return accepted(after.value)
  return refused(told.value === 'done' ? 'refund_pending' : 'refund_refused')
}

/** The number of the order that a payment is of; a purchase for nothing has none. */
async function orderToRefund(
  api: PlayApi,
  { transactionId }: Pick<PaymentNames, 'transactionId'>,
): Promise<Outcome<string>> {
  if (transactionId === null) return refused('purchase_not_found')
  if (IS_ORDER_ID.test(transactionId)) return accepted(transactionId)
  if (IS_HASH.test(transactionId)) return refused('refund_refused')
  const asked = await api.purchase(transactionId)
  if (!asked.ok) return asked
  if (asked.value === null) return refused('purchase_not_found')
  const orderId = orderIdOf(asked.value.value)
  return orderId === null ? refused('refund_refused') : accepted(orderId)
}

/** The refund of an order, once it was made; null while it was not, `refund_pending` while it is on its way. */
async function refundOf(
  api: PlayApi,
  { orderId, nowMs }: { orderId: string; nowMs: number },
): Promise<Outcome<RefundMade | null>> {
  const asked = await api.order(orderId)
  if (!asked.ok) return asked
  if (asked.value === null) return refused('purchase_not_found')
  const order = asked.value.value
  if (order.state === 'PENDING_REFUND') return refused('refund_pending')
  if (stateOfOrder(order) !== 'cancelled') return accepted(null)
  return accepted({ refundId: VOIDED, occurredAtMs: refundedAtMs(order) ?? nowMs })
}

function refundedAtMs({ orderHistory }: Order): number | null {
  const atMs = Date.parse(orderHistory?.refundEvent?.eventTime ?? '')
  return Number.isNaN(atMs) ? null : atMs
}
