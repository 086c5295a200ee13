import { PROJECT_HEADER, SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from '../../channels/appcharge/index.ts'
import { skuOfItem } from '../../channels/item-of-sku.ts'
import { CommandRefused } from '../command.ts'
import type { ChannelOf, SimOrder, SimPlatform, SimPlatformType, Telling } from './platform.ts'

/** Appcharge's web store: it waits for the answer to an award, and tells of everything else in events. */
export const appchargeType: SimPlatformType<'appcharge'> = {
  tells: ['refund.succeeded', 'dispute.opened', 'dispute.lost', 'dispute.won'],
  open: (channel) => {
    const [mainKey] = channel.mainKeys
    if (mainKey === undefined) throw new CommandRefused(`the channel ${channel.instance} has no main key`)
    return appchargePlatform(channel, mainKey)
  },
}

function appchargePlatform(channel: ChannelOf<'appcharge'>, own: string): SimPlatform {
  const { instance, publisherToken, projectId } = channel
  return {
    instance,
    message: (order, { telling, transactionId }) => {
      const isAward = telling.type === 'payment.succeeded'
      const told = isAward ? awardOf(channel, { order, transactionId }) : eventOf(telling, { order, transactionId })
      return {
        says: `${isAward ? 'award' : telling.type} ${transactionId}`,
        path: `/webhooks/${instance}/${isAward ? 'award' : 'events'}`,
        body: JSON.stringify(told),
      }
    },
    signature: {
      sign: ({ body }, { nowMs, secret = own }) => ({
        [SIGNATURE_HEADER]: signAppcharge(secret, { body, nowMs }),
        [TOKEN_HEADER]: publisherToken,
        ...(projectId === null ? {} : { [PROJECT_HEADER]: projectId }),
      }),
      headers: [SIGNATURE_HEADER],
      tellsAge: ['stale', 'early'],
    },
    answers: {
      taken: () => ({ words: 'answered 200', isSo: ({ status }) => status === 200 }),
      forgedStatus: 401,
    },
    silentPayment: null,
  }
}

interface Purchase {
  readonly order: SimOrder
  readonly transactionId: string
}

function purchaseIdOf({ transactionId }: Purchase): string {
  return `pr_${transactionId}`
}

function awardOf({ items, products }: ChannelOf<'appcharge'>, purchase: Purchase): object {
  const { order, transactionId } = purchase
  return {
    orderId: transactionId,
    purchaseId: purchaseIdOf(purchase),
    appChargePaymentId: `py_${transactionId}`,
    playerId: order.uid,
    bundleName: order.itemName,
    sku: skuOfItem(items, order.itemId),
    products: [
      { amount: order.coins, sku: products.coins, name: 'Coins' },
      { amount: order.tokens, sku: products.tokens, name: 'Tokens' },
    ],
    ...{ priceInCents: order.priceMinor, subTotal: order.priceMinor, tax: 0, currency: order.currency },
    ...{ action: 'purchase', actionStatus: 'completed', awardFlow: 'auto', paymentMethod: 'card' },
    sessionMetadata: { order_id: order.orderId },
  }
}

const EVENTS = {
  'refund.succeeded': { eventName: 'order.refunded' },
  'dispute.opened': { eventName: 'order.dispute.opened', result: null },
  'dispute.lost': { eventName: 'order.dispute.resolved', result: 'lost' },
  'dispute.won': { eventName: 'order.dispute.resolved', result: 'won' },
} as const

function eventOf({ type, atMs }: Exclude<Telling, { readonly type: 'payment.succeeded' }>, purchase: Purchase): object {
  // A refund that is undone is never told by Appcharge.
  const told = EVENTS[type as keyof typeof EVENTS]
  return {
    ...told,
    eventId: `${purchase.transactionId}-${type}`,
    timestamp: atMs,
    customer: { id: purchase.order.uid },
    transactions: [{ purchaseId: purchaseIdOf(purchase), type: type.startsWith('refund') ? 'refund' : 'dispute' }],
  }
}
