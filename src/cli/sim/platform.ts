import { SANDBOX_SIGNATURE_HEADER, signSandboxMessage } from '../../channels/sandbox/index.ts'
import { signBody } from '../../channels/signed/index.ts'
import { isoTime } from '../../kernel/clock.ts'

/** An order as its platform knows it. */
export interface SimOrder {
  readonly orderId: string
  readonly uid: string
  readonly itemId: number
  readonly price: number
  readonly currency: string
  readonly coins: number
  readonly tokens: number
  /** The path of the checkout page, where the platform has one here. */
  readonly checkoutPath: string | null
}

/** What a platform can tell of a payment. */
export type Telling =
  | { readonly type: 'payment.succeeded' }
  | { readonly type: ReversalType; readonly id: string; readonly atMs: number }
export type ReversalType = 'refund.succeeded' | 'refund.reversed' | 'dispute.opened' | 'dispute.lost' | 'dispute.won'

/** A message, ready to be signed and delivered. */
export interface SimMessage {
  readonly says: string
  readonly path: string
  readonly body: string
}

/** A payment platform, played by this program. */
export interface SimPlatform {
  readonly type: 'sandbox' | 'signed'
  readonly instance: string
  /** Writes down what it tells of an order's payment, which it calls by this id. */
  message(order: SimOrder, of: { telling: Telling; transactionId: string }): SimMessage
  /** The headers that prove a message as of a time; another secret makes a forgery. */
  sign(body: string, nowMs: number, secret?: string): Readonly<Record<string, string>>
  /** Takes the money and tells nobody: the page's button. Null where the platform cannot be asked either. */
  readonly silentPayment: ((order: SimOrder) => string) | null
}

// Every currency that the seed has prices in.
const CENTS = 100

/** The platform that a local server plays itself, page and all. */
export function sandboxPlatform({ instance, secret }: { instance: string; secret: string }): SimPlatform {
  return {
    type: 'sandbox',
    instance,
    message: (order, { telling, transactionId }) => {
      const purchase = {
        ...{ transaction_id: transactionId, order_id: order.orderId, uid: order.uid, item_id: order.itemId },
        ...{ quantity: 1, amount_minor: Math.round(order.price * CENTS), currency: order.currency },
        channel_shown: instance,
      }
      const reversal =
        'id' in telling ? { reversal: { id: telling.id, amount_minor: null, occurred_at_ms: telling.atMs } } : {}
      return {
        says: `${telling.type} ${transactionId}`,
        path: `/webhooks/${instance}`,
        body: JSON.stringify({ type: telling.type, purchase, ...reversal }),
      }
    },
    sign: (body, nowMs, other = secret) => ({ [SANDBOX_SIGNATURE_HEADER]: signSandboxMessage(other, { body, nowMs }) }),
    silentPayment: (order) => `${order.checkoutPath}/pay-silently`,
  }
}

/** A partner that signs what it says. */
export function signedPlatform({ instance, secret }: { instance: string; secret: string }): SimPlatform {
  return {
    type: 'signed',
    instance,
    message: (order, { telling, transactionId }) => {
      const says = `${telling.type} ${transactionId}`
      if ('id' in telling) {
        const { type, id, atMs } = telling
        const told = { type, transaction_id: transactionId, reversal_id: id, occurred_at: isoTime(atMs) }
        return { says, path: `/webhooks/${instance}`, body: JSON.stringify(told) }
      }
      const paid = {
        ...{ order_id: order.orderId, uid: order.uid, item_id: order.itemId, price: order.price },
        ...{ currency: order.currency, transaction_id: transactionId, payment_channel: instance },
      }
      return { says, path: '/api/v1/payment/success', body: JSON.stringify(paid) }
    },
    sign: (body, nowMs, other = secret) => ({ 'x-signature': signBody(other, { body, nowMs }), 'x-channel': instance }),
    silentPayment: null,
  }
}
