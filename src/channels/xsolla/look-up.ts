import { isoTime } from '../../kernel/clock.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { OpenedCheckout, OrderToPay, Question, VerifiedPayment } from '../channel.ts'
import { skuOfItem } from '../item-of-sku.ts'
import { callPlatform } from '../platform-call.ts'
import { fits } from '../read-body.ts'
import { basicAuthorization, isOk } from './call.ts'
import { paymentOfOrder } from './order-payment.ts'
import type { XsollaInstance } from './settings.ts'
import { memberOf, type OrderMessage, OrderMessageSchema } from './wire.ts'

// The platform made the order while we waited for its token: what is between our clocks, either way.
const MADE_WITHIN_MS = 60_000
// It gives no more of them at once.
const PAGE_SIZE = 10
// A player waits meanwhile. A shop that sells more in two minutes is told by its webhook.
const PAGES_MAX = 10

/** What is kept of a checkout, to find its order by: the platform knows it by its own number and by its time alone. */
export function checkoutReference(order: OrderToPay & { readonly nowMs: number }, theirs: unknown): string {
  const { playerId, itemId, quantity, nowMs } = order
  return JSON.stringify([String(theirs), nowMs, String(playerId), itemId, quantity])
}

/** Whether an order whose checkout we opened was paid, as the platform's list of orders says; null where it was not. */
export async function lookUpXsollaPayment(
  xsolla: XsollaInstance & { readonly apiKey: string },
  { orderId, reference, nowMs, requestId }: OpenedCheckout & Question,
): Promise<Outcome<VerifiedPayment | null>> {
  const checkout = reference === null ? null : readReference(reference)
  if (checkout === null) return accepted(null)
  const found = await findOrder(xsolla, checkout)
  if (!found.ok || found.value === null) return found.ok ? accepted(null) : found
  const message = messageOf(xsolla, { checkout, orderId, found: found.value })
  if (message === null) return accepted(null)
  const rawBody = Buffer.from(JSON.stringify(found.value))
  const evidence = { kind: 'look_up' as const, headers: {}, rawBody, receivedAtMs: nowMs, requestId }
  const payment = paymentOfOrder(xsolla, { message, evidence })
  // What cannot be read here is left to the webhook.
  return payment.ok ? payment : accepted(null)
}

interface CheckoutKept {
  readonly theirs: string
  readonly openedAtMs: number
  readonly uid: string
  readonly itemId: number
  readonly quantity: number
}

function readReference(reference: string): CheckoutKept | null {
  try {
    const [theirs, openedAtMs, uid, itemId, quantity] = JSON.parse(reference) as unknown[]
    if (typeof theirs !== 'string' || typeof openedAtMs !== 'number' || typeof uid !== 'string') return null
    if (typeof itemId !== 'number' || typeof quantity !== 'number') return null
    return { theirs, openedAtMs, uid, itemId, quantity }
  } catch {
    return null
  }
}

async function findOrder(
  xsolla: XsollaInstance & { readonly apiKey: string },
  { theirs, openedAtMs }: CheckoutKept,
): Promise<Outcome<object | null>> {
  for (let page = 0; page < PAGES_MAX; page++) {
    const reply = await callPlatform({
      method: 'POST',
      url: `${xsolla.storeApiUrl}/v3/project/${xsolla.projectId}/admin/order/search`,
      headers: basicAuthorization(xsolla.projectId, xsolla.apiKey),
      body: {
        ...{ limit: PAGE_SIZE, offset: page * PAGE_SIZE },
        created_date_from: isoTime(openedAtMs - MADE_WITHIN_MS),
        created_date_until: isoTime(openedAtMs + MADE_WITHIN_MS),
      },
    })
    const orders = isOk(reply) ? memberOf(reply.json, 'orders') : undefined
    if (!isOk(reply) || !Array.isArray(orders)) return refused('channel_unavailable')
    const found: unknown = orders.find((order: unknown) => String(memberOf(order, 'order_id')) === theirs)
    if (typeof found === 'object' && found !== null) return accepted(found)
    if (memberOf(reply.json, 'has_more') !== true) break
  }
  return accepted(null)
}

/** The order as its webhook would tell it. Null while nothing was paid, or where it cannot be read. */
function messageOf(
  { items }: XsollaInstance,
  { checkout, orderId, found }: { checkout: CheckoutKept; orderId: OrderId; found: object },
): OrderMessage | null {
  const status = memberOf(found, 'status')
  if (status !== 'paid' && status !== 'done') return null
  const price = memberOf(found, 'price')
  const amount = memberOf(price, 'amount')
  const before = memberOf(price, 'amount_without_discount') ?? amount
  const promotions = before === amount ? [] : [{ amount_without_discount: before, amount_with_discount: amount }]
  const sku = skuOfItem(items, checkout.itemId)
  const message = {
    items: [{ sku, type: 'virtual_good', quantity: checkout.quantity, amount, promotions }],
    order: {
      ...{ id: checkout.theirs, mode: memberOf(found, 'mode'), currency_type: 'real', amount, platform: 'xsolla' },
      ...{ currency: memberOf(price, 'currency'), invoice_id: memberOf(found, 'invoice_id') },
      coupons: memberOf(found, 'coupons') ?? null,
    },
    user: { external_id: memberOf(memberOf(found, 'user'), 'id') ?? checkout.uid },
    custom_parameters: { order_id: orderId },
  }
  // Without a number of its transaction nothing was charged yet.
  const isPaid = message.order.invoice_id !== undefined && message.order.invoice_id !== null
  return isPaid && fits(OrderMessageSchema, message) ? message : null
}
