import type { Channel, ChannelMessage, Evidence, PaymentLine, WebhookCall } from '../../src/channels/channel.ts'
import { vouchForNotice, vouchForPayment } from '../../src/channels/channel.ts'
import type { AppId, OrderId, PlayerId } from '../../src/kernel/ids.ts'
import { type CurrencyCode, minorUnits } from '../../src/kernel/money.ts'
import { accepted, type Outcome, refused } from '../../src/kernel/outcome.ts'
import { APP_ID } from './test-app.ts'

/** What a web shop of the tests tells: money for a cart with its taxes, or what went back of it. */
export interface ShopMessage {
  readonly say: 'paid' | 'refunded'
  readonly id: string
  readonly uid?: string
  readonly lines?: readonly { order_id: string; item: number; count?: number; minor: number }[]
  readonly charged?: number
  readonly tax?: number
  readonly minor?: number
}

export interface WebShop {
  readonly channel: Channel
  /** How often it was asked to open and to close a checkout. */
  readonly asked: { opened: string[]; closed: string[]; refunds: number }
  /** What it answers to a wish for a refund, and to closing. */
  readonly says: { refund: 'refund_pending' | 'done'; close: 'closed' | 'channel_unavailable' }
  /** What happens while it opens a checkout. */
  meanwhile: ((orderId: OrderId) => Promise<unknown>) | null
}

export const SHOP_KEY = 'the key of the shop'

/** A web shop that would open a second checkout if it were asked again, and takes its time with refunds. */
export function webShop(instance = 'shop'): WebShop {
  const source = { appId: APP_ID as AppId, instance, environment: 'live' } as const
  const shop: WebShop = {
    asked: { opened: [], closed: [], refunds: 0 },
    says: { refund: 'done', close: 'closed' },
    meanwhile: null,
    channel: {
      ...source,
      keepsCheckouts: true,
      openCheckout: async ({ orderId }) => {
        const no = shop.asked.opened.push(orderId)
        await shop.meanwhile?.(orderId)
        const url = `https://shop.example.com/${orderId}/${no}`
        return accepted({ kind: 'url', url, client: { session: `session-${no}` }, reference: `secret-of-${orderId}` })
      },
      closeCheckout: async ({ reference }) => {
        shop.asked.closed.push(String(reference))
        return shop.says.close === 'closed' ? accepted('closed') : refused(shop.says.close)
      },
      refundPayment: async ({ nowMs }) => {
        shop.asked.refunds += 1
        return shop.says.refund === 'done'
          ? accepted({ refundId: 'back', occurredAtMs: nowMs })
          : refused('refund_pending')
      },
      receive: (call) => receive(source, call),
    },
  }
  return shop
}

type Source = { readonly appId: AppId; readonly instance: string; readonly environment: 'live' }

function receive(source: Source, call: WebhookCall): Outcome<ChannelMessage> {
  if (call.headers['x-key'] !== SHOP_KEY) return refused('invalid_signature')
  const told = JSON.parse(Buffer.from(call.rawBody).toString()) as ShopMessage
  const { rawBody, nowMs: receivedAtMs, requestId } = call
  const evidence = (kind: Evidence['kind']) => ({ kind, headers: {}, rawBody, receivedAtMs, requestId })
  const dollars = (minor: number) => ({ minor: minorUnits(minor), currency: 'USD' as CurrencyCode })
  if (told.say === 'refunded') {
    const notice = vouchForNotice({
      ...{ ...source, paymentIds: [told.id], cause: 'refund', causeId: 'back', state: 'taken', lineNo: null },
      ...{
        amount: told.minor === undefined ? null : dollars(told.minor),
        occurredAtMs: 1,
        evidence: evidence('notice'),
      },
    })
    return accepted({ kind: 'notice', notice })
  }
  const lines = (told.lines ?? []).map(
    ({ order_id: orderId, item: itemId, count: quantity = 1, minor }, index): PaymentLine => ({
      ...{ lineNo: index + 1, orderId: orderId as OrderId, itemId, quantity, price: dollars(minor) },
    }),
  )
  const { charged, tax } = told
  const payment = vouchForPayment({
    ...{ ...source, transactionId: null, otherIds: [told.id], factsAreIdentity: false, lines },
    ...(charged === undefined
      ? {}
      : { charged: { totalMinor: minorUnits(charged), taxMinor: minorUnits(tax ?? 0), discountMinor: null } }),
    ...{ playerId: Number(told.uid) as PlayerId, shown: { channel: source.instance, method: null } },
    evidence: evidence('payment'),
  })
  return accepted({ kind: 'payment', payment })
}
