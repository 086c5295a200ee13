import { isIPv4 } from 'node:net'
import { majorNumber } from '../../kernel/money.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Checkout, OrderToPay, PaymentNames, RefundMade, RefundWanted, Standing } from '../channel.ts'
import { skuOfItem } from '../item-of-sku.ts'
import { callPlatform } from '../platform-call.ts'
import { basicAuthorization, isOk } from './call.ts'
import { checkoutReference } from './look-up.ts'
import { wholeRefundId } from './notice.ts'
import type { XsollaInstance } from './settings.ts'
import { memberOf } from './wire.ts'

const PAY_STATION_URL = 'https://secure.xsolla.com/paystation4/'
const SANDBOX_PAY_STATION_URL = 'https://sandbox-secure.xsolla.com/paystation4/'
// Asking again cannot help. Of 401 and 403 it can: the key is wrong.
const REFUSING_STATUSES: ReadonlySet<number> = new Set([400, 404, 409, 422])
const WORDS_LENGTH_MAX = 200
const TOKEN = /^[\w.~+/=-]{1,512}$/

/**
 * Opens a checkout of one item: the platform makes an order of its own for it and a token, with which its page is opened. Asked
 * again it would make another, so what it gave is kept. What the item costs is what the platform's catalogue says.
 */
export async function openXsollaCheckout(
  xsolla: XsollaInstance & { readonly apiKey: string },
  order: OrderToPay,
): Promise<Outcome<Checkout>> {
  const { clientAddress = null, nowMs } = order
  const isKnownPlace = clientAddress !== null && isPublicIpv4(clientAddress)
  const reply = await callPlatform({
    method: 'POST',
    url: `${xsolla.storeApiUrl}/v3/project/${xsolla.projectId}/admin/payment/token`,
    headers: {
      ...basicAuthorization(xsolla.projectId, xsolla.apiKey),
      ...(isKnownPlace ? { 'x-user-ip': clientAddress } : {}),
    },
    body: {
      user: {
        id: { value: String(order.playerId) },
        // The currency follows the country: the platform finds it out by the payer's address, or takes ours.
        country: { ...(isKnownPlace ? {} : { value: xsolla.country }), allow_modify: true },
      },
      purchase: { items: [{ sku: skuOfItem(xsolla.items, order.itemId), quantity: order.quantity }] },
      sandbox: xsolla.sandbox,
      settings: {
        currency: order.price.currency,
        ...(order.returnUrl === null ? {} : { return_url: order.returnUrl }),
      },
      custom_parameters: { order_id: order.orderId },
    },
  })
  if (reply.answered && REFUSING_STATUSES.has(reply.status)) {
    return refused('checkout_refused', { details: [{ path: 'payment_channel', message: wordsOf(reply.json) }] })
  }
  const token = isOk(reply) ? memberOf(reply.json, 'token') : undefined
  if (!isOk(reply) || typeof token !== 'string' || !TOKEN.test(token)) return refused('channel_unavailable')
  const theirs = memberOf(reply.json, 'order_id')
  const page = xsolla.payStationUrl ?? (xsolla.sandbox ? SANDBOX_PAY_STATION_URL : PAY_STATION_URL)
  return accepted({
    kind: 'url',
    url: `${page}?token=${encodeURIComponent(token)}`,
    client: { token },
    ...(theirs === undefined || nowMs === undefined
      ? {}
      : { reference: checkoutReference({ ...order, nowMs }, theirs) }),
  })
}

/** An item that its catalogue does not have, a country that it does not sell to: what it says of them. */
function wordsOf(json: unknown): string {
  const said = [memberOf(json, 'errorMessage'), memberOf(json, 'message')].find((words) => typeof words === 'string')
  return typeof said === 'string' && said !== '' ? said.slice(0, WORDS_LENGTH_MAX) : 'opens no checkout for this order'
}

/** What can be asked about transactions needs the merchant's number, and a key that holds for all of its projects. */
export type MerchantAccess = XsollaInstance & { readonly apiKey: string; readonly merchantId: number }

/**
 * Gives all of a payment back. A part has to be given back in the publisher's account: the platform takes no key by which a
 * part that was asked for twice is given once, and tells of it under no id that could be known before.
 */
export async function refundXsollaPayment(xsolla: MerchantAccess, wanted: RefundWanted): Promise<Outcome<RefundMade>> {
  const { transactionId, amount, nowMs } = wanted
  if (transactionId === null || !isTransaction(transactionId)) return refused('purchase_not_found')
  if (amount !== null) {
    const sum = `${majorNumber(amount)} ${amount.currency}`
    const message = `a part (${sum}) can only be given back in the publisher's account: its webhook books it here`
    return refused('refund_refused', { details: [{ path: 'amount', message }] })
  }
  const made = accepted({ refundId: wholeRefundId(transactionId), occurredAtMs: nowMs })
  const reply = await callPlatform({
    method: 'PUT',
    url: `${merchantUrl(xsolla)}/reports/transactions/${transactionId}/refund`,
    headers: basicAuthorization(xsolla.merchantId, xsolla.apiKey),
    body: { description: `Refund ${wanted.idempotencyKey} of order ${wanted.orderId}` },
  })
  if (!reply.answered) return refused('channel_unavailable')
  const message = memberOf(reply.json, 'message')
  switch (reply.status) {
    case 204:
      return made
    case 200:
      // No JSON is nothing that it said. With words it was only taken: a person there carries it out, or asks the payer.
      if (typeof reply.json !== 'object') return refused('channel_unavailable')
      return message === undefined || /^no content\b/i.test(String(message)) ? made : refused('refund_pending')
    case 404:
      return refused('purchase_not_found')
    case 422: {
      // Refunded before, perhaps by an answer of ours that was lost; or still under way; or never.
      const standing = await lookUpXsollaStanding(xsolla, wanted)
      if (!standing.ok) return standing
      if (standing.value === 'gone') return made
      return isUnderWay(message) ? refused('refund_pending') : refused('refund_refused')
    }
    default:
      return refused('channel_unavailable')
  }
}

/** The platform has no code for it, only these words. */
function isUnderWay(message: unknown): boolean {
  return typeof message === 'string' && /^We are (?:processing|reaching)\b/i.test(message)
}

/** Whether a payment's money is still there, as the report of transactions says. */
export async function lookUpXsollaStanding(
  xsolla: MerchantAccess,
  { transactionId }: Pick<PaymentNames, 'transactionId'>,
): Promise<Outcome<Standing>> {
  if (transactionId === null || !isTransaction(transactionId)) return accepted('unknown')
  const query = new URLSearchParams({ transaction_id: transactionId, type: 'all' })
  const reply = await callPlatform({
    method: 'GET',
    url: `${merchantUrl(xsolla)}/reports/transactions/search.json?${query}`,
    headers: basicAuthorization(xsolla.merchantId, xsolla.apiKey),
  })
  if (!isOk(reply) || !Array.isArray(reply.json)) return refused('channel_unavailable')
  const found = reply.json
    .map((row: unknown) => memberOf(row, 'transaction'))
    .find((transaction) => String(memberOf(transaction, 'id')) === transactionId)
  switch (memberOf(found, 'status')) {
    case 'done':
      return accepted('stands')
    case 'canceled':
    case 'refunded':
      return accepted('gone')
    default:
      // Not settled, in an error, or on its way back: nobody can say.
      return accepted('unknown')
  }
}

/** Free orders have no transaction: they are known by their order alone. */
function isTransaction(transactionId: string): boolean {
  return /^[0-9]+$/.test(transactionId)
}

function merchantUrl({ merchantApiUrl, merchantId }: MerchantAccess): string {
  return `${merchantApiUrl}/merchants/${merchantId}`
}

// Nobody pays from these: this machine, a network behind a router or of a provider, none at all.
const NOT_PUBLIC =
  /^(?:0|10|127|169\.254|192\.168|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])|2(?:2[4-9]|[345]\d))\./

function isPublicIpv4(address: string): boolean {
  return isIPv4(address) && !NOT_PUBLIC.test(address)
}
