import type { OrderId, PlayerId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import {
  type Evidence,
  type MessagePage,
  type MessageSpan,
  type NoticeFacts,
  type OpenedCheckout,
  type Question,
  type VerifiedPayment,
  vouchForNotice,
} from '../channel.ts'
import { UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import { fits } from '../read-body.ts'
import { orderNamed, vouchedPayment } from './award.ts'
import { type CheckoutReference, readReference } from './checkout.ts'
import { callAppcharge, unavailable } from './client.ts'
import type { AppchargeInstance } from './instance.ts'
import { DISPUTE_CAUSE, purchaseName, REFUND_CAUSE } from './names.ts'
import { type Sold, soldItems } from './sold-items.ts'
import { type Transaction, TransactionSchema, type TransactionsPage, TransactionsPageSchema } from './wire.ts'

type ListedMessage = MessagePage['messages'][number]

// Up to ten thousand are allowed; a thousand stay well below what we read of an answer.
const PAGE_SIZE = 1_000
/** Between the opening of a checkout and a player who asks lie minutes. */
const LOOK_UP_PAGES_MAX = 10
/** An order lives for half an hour; its clock and theirs may differ. */
const BEFORE_EXPIRY_MS = 60 * 60 * 1000
/** A session lives for an hour, and what was begun in it may take some more. Whoever asks of an old order reads no more than this. */
const AFTER_EXPIRY_MS = 24 * 60 * 60 * 1000

/** Offers of the web store. What was paid in a checkout of ours has an order of ours, which its row does not name. */
const STORE_OFFERS: readonly string[] = ['Bundle', 'PopUp', 'SpecialOffer', 'RollingOffer']

/** A page of what moved in a span of time, oldest first. */
async function readPage(
  instance: AppchargeInstance,
  { fromMs, untilMs, cursor }: MessageSpan,
): Promise<Outcome<TransactionsPage>> {
  const query = new URLSearchParams({
    startDate: new Date(fromMs).toISOString(),
    endDate: new Date(untilMs).toISOString(),
    limit: String(PAGE_SIZE),
    sortDirection: 'asc',
    ...(cursor === null ? {} : { cursor }),
  })
  const answer = await callAppcharge(instance, {
    method: 'GET',
    path: `/reporting/financial-data/transactions?${query}`,
  })
  if (!answer.ok) return answer
  const { status, json } = answer.value
  return status < 300 && fits(TransactionsPageSchema, json) ? accepted(json) : unavailable()
}

/** Looks for the payment of a checkout that we opened: it is for the order, the player and the item that we opened it for. */
export async function findPayment(
  instance: AppchargeInstance,
  { orderId, reference, ...question }: OpenedCheckout & Question,
): Promise<Outcome<VerifiedPayment | null>> {
  const checkout = readReference(reference)
  if (!checkout) return accepted(null)
  const { expiresAtMs } = checkout
  const untilMs = Math.min(question.nowMs, expiresAtMs + AFTER_EXPIRY_MS)
  const span = { fromMs: expiresAtMs - BEFORE_EXPIRY_MS, untilMs }
  let cursor: string | null = null
  for (let page = 0; page < LOOK_UP_PAGES_MAX && span.fromMs < span.untilMs; page++) {
    const read = await readPage(instance, { ...span, cursor })
    if (!read.ok) return read
    for (const row of read.value.results) {
      if (!isTransaction(row) || row.purchaseId !== checkout.purchaseId) continue
      if (row.transactionDetails.type === 'paid') {
        return accepted(paymentOfCheckout(instance, { row, checkout, orderId, question }))
      }
    }
    cursor = read.value.nextCursor || null
    if (cursor === null) break
  }
  return accepted(null)
}

/**
 * Null where the row does not say the price that was asked: of discounts only the award tells, and what settles first would rule.
 */
function paymentOfCheckout(
  instance: AppchargeInstance,
  about: { row: Transaction; checkout: CheckoutReference; orderId: OrderId; question: Question },
): VerifiedPayment | null {
  const { row, checkout, orderId, question } = about
  const playerId = parsePlayerId(checkout.uid)
  const told = row.customerDetails?.id
  if (playerId === null || (told && told !== checkout.uid)) return null
  if (row.transactionDetails.currencyCode.toUpperCase() !== checkout.currency) return null
  const { itemId, quantity } = checkout
  const payment = paymentOfRow(instance, { row, playerId, orderId, sold: [{ itemId, quantity }], question })
  const [line] = payment?.lines ?? []
  const readings = line ? [line.price, ...(line.priceReadings ?? [])] : []
  return readings.some(({ minor }) => minor === checkout.priceMinor) ? payment : null
}

/** A payment by its row. Its amount counts the tax in, so that the main price is that of an award, before tax. */
function paymentOfRow(
  instance: AppchargeInstance,
  about: { row: Transaction; playerId: PlayerId; orderId: OrderId; sold: readonly Sold[]; question: Question },
): VerifiedPayment | null {
  const { row, playerId, orderId, sold, question } = about
  const { amount, currencyCode, paymentMethod } = row.transactionDetails
  const tax = row.transactionDetails.totalTaxAmount ?? 0
  const currency = parseCurrency(currencyCode)
  const beforeTax = amount - tax
  if (currency === null || ![amount, tax, beforeTax].every((minor) => Number.isSafeInteger(minor) && minor >= 0))
    return null
  return vouchedPayment(instance, {
    evidence: evidenceOf(row, question),
    playerId,
    orderId,
    transactionId: row.orderId ?? null,
    otherIds: [purchaseName(row.purchaseId)],
    sold,
    readings: [...new Set([beforeTax, amount])],
    isDiscounted: false,
    currency,
    charged: { totalMinor: minorUnits(amount), taxMinor: minorUnits(tax), discountMinor: null },
    priceRule: instance.priceRule,
    method: paymentMethod || null,
  })
}

/** What moved in a span of time, as messages. */
export async function listTransactions(
  instance: AppchargeInstance,
  { nowMs, requestId, ...span }: MessageSpan & Question,
): Promise<Outcome<MessagePage>> {
  const read = await readPage(instance, span)
  if (!read.ok) return read
  const { results, nextCursor } = read.value
  const messages = results.map((row) => messageOfRow(instance, { row, question: { nowMs, requestId } }))
  // A page of nothing that points to another one would never end.
  return accepted({ messages, nextCursor: results.length > 0 ? nextCursor || null : null })
}

function messageOfRow(
  instance: AppchargeInstance,
  { row, question }: { row: unknown; question: Question },
): ListedMessage {
  const { appId, instance: name, environment } = instance
  const source = { appId, instance: name, environment, evidence: evidenceOf(row, question) }
  const occurredAtMs = isTransaction(row) ? Date.parse(row.timestamp) : Number.NaN
  if (!isTransaction(row) || !(occurredAtMs >= 0)) {
    return { kind: 'not_understood', source, details: [{ path: '', message: 'is no transaction that we know' }] }
  }
  const noticed = (about: Pick<NoticeFacts, 'cause' | 'causeId' | 'state'>): ListedMessage => {
    const paymentIds = [...(row.orderId ? [row.orderId] : []), purchaseName(row.purchaseId)]
    return {
      kind: 'notice',
      notice: vouchForNotice({ ...source, paymentIds, ...about, lineNo: null, amount: null, occurredAtMs }),
    }
  }
  switch (row.transactionDetails.type) {
    case 'paid': {
      const payment = storePayment(instance, { row, question })
      return payment ? { kind: 'payment', payment } : { kind: 'no_concern', source }
    }
    case 'refund':
      return noticed({ cause: 'refund', causeId: REFUND_CAUSE, state: 'taken' })
    // Held back while it is disputed: who wins is not said by it.
    case 'dispute_funds_withdrawn':
      return noticed({ cause: 'dispute', causeId: DISPUTE_CAUSE, state: 'open' })
    case 'dispute_funds_reinstated':
      return noticed({ cause: 'dispute', causeId: DISPUTE_CAUSE, state: 'undone' })
    default:
      return { kind: 'no_concern', source }
  }
}

/** A purchase in the web store, where its row says all that an award would; else null, and only the award can tell. */
function storePayment(
  instance: AppchargeInstance,
  { row, question }: { row: Transaction; question: Question },
): VerifiedPayment | null {
  const { orderId, customerDetails, offerDetails } = row
  const playerId = parsePlayerId(customerDetails?.id ?? '')
  if (!orderId || playerId === null || !offerDetails || !STORE_OFFERS.includes(offerDetails.type ?? '')) return null
  const products = (offerDetails.products ?? []).map(({ sku, quantity }) => ({ sku, amount: quantity }))
  const sold = soldItems(instance, { sku: offerDetails.offerId ?? '', products })
  if (sold.some(({ itemId, quantity }) => itemId === UNKNOWN_ITEM_ID || !Number.isSafeInteger(quantity))) return null
  return paymentOfRow(instance, { row, playerId, orderId: orderNamed(instance, orderId), sold, question })
}

function isTransaction(row: unknown): row is Transaction {
  return fits(TransactionSchema, row)
}

/** What the platform answered to a question of ours. */
function evidenceOf(row: unknown, { nowMs: receivedAtMs, requestId }: Question): Evidence {
  return { kind: 'look_up', headers: {}, rawBody: Buffer.from(JSON.stringify(row)), receivedAtMs, requestId }
}
