import { type OrderId, orderOfAccountToken } from '../../kernel/ids.ts'
import { minorUnits } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import {
  type ChannelMessage,
  type Evidence,
  type MessageSource,
  type NoticeFacts,
  type PaymentClaim,
  type VerifiedNotice,
  vouchForNotice,
  vouchForPayment,
} from '../channel.ts'
import { itemOfSku, UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import { priceOf, revokedAmount } from './amounts.ts'
import type { AppleEnvironment, AppleInstance } from './instance.ts'
import type { Notification, Transaction } from './wire.ts'

/** Apple waits so long for an answer about a purchase whose refund was asked for. */
const CONSUMPTION_ANSWER_MS = 12 * 60 * 60 * 1000

/** A purchase that is proven, and what proves it. */
export interface Proven {
  readonly transaction: Transaction
  readonly environment: AppleEnvironment
  readonly evidence: Evidence
}

export function environmentOf(environment: AppleEnvironment): PaymentEnvironment {
  return environment === 'Production' ? 'live' : 'test'
}

export function sourceOf({ appId, instance }: AppleInstance, { environment, evidence }: Omit<Proven, 'transaction'>) {
  return { appId, instance, environment: environmentOf(environment), evidence } satisfies MessageSource
}

export function isConsumable({ type }: Transaction): boolean {
  return type === 'Consumable'
}

/** Bought by somebody else of a family: nobody has paid us for it a second time. */
export function isShared({ inAppOwnershipType }: Transaction): boolean {
  return inAppOwnershipType === 'FAMILY_SHARED'
}

/** Whether a product is one that we sell as an item. */
export function isOurs({ items }: AppleInstance, { productId }: Transaction): boolean {
  return itemOfSku(items, productId) !== UNKNOWN_ITEM_ID
}

/** A purchase as money that belongs to whoever made the order whose token the game named when it was bought. */
export function claimOf(apple: AppleInstance, proven: Proven): Outcome<PaymentClaim> {
  const { transaction } = proven
  const { transactionId, productId, quantity = 1, appAccountToken } = transaction
  const priced = priceOf(transaction, apple)
  if (!priced.ok) return priced
  const price = priced.value
  const orderId = appAccountToken === undefined ? null : orderOfAccountToken(appAccountToken)
  const source = sourceOf(apple, proven)
  const itemId = itemOfSku(apple.items, productId)
  // Whether the price is of one or of all of several, Apple does not say.
  const ofAll = minorUnits(Math.min(price.minor * quantity, Number.MAX_SAFE_INTEGER))
  const priceReadings = quantity === 1 ? {} : { priceReadings: [{ ...price, minor: ofAll }] }
  return accepted({
    source,
    orderId,
    paymentOf: ({ playerId, isUnclaimed }) => {
      // An order of ours is for one: more of it were bought than it promised, and are an order of their own.
      const isOrdered = orderId !== null && !isUnclaimed && quantity === 1
      const named = isOrdered ? orderId : (`${apple.instance}:${transactionId}` as OrderId)
      return vouchForPayment({
        ...{ ...source, playerId, isUnclaimed, transactionId, factsAreIdentity: false, priceRule: apple.priceRule },
        lines: [{ lineNo: 1, orderId: named, itemId, quantity, price, ...priceReadings }],
        shown: { channel: apple.instance, method: null },
      })
    },
  })
}

/**
 * A purchase that Apple has taken back, or gives us again. All that is told of one is one cause: a refund that was reversed
 * and made again is the same refund, which stands as it was told last.
 */
export function noticeOf(
  apple: AppleInstance,
  told: Proven & { state: 'taken' | 'undone'; occurredAtMs: number },
): Outcome<VerifiedNotice> {
  const { transaction, state, occurredAtMs } = told
  const { transactionId } = transaction
  const amount = state === 'taken' ? revokedAmount(transaction) : accepted(null)
  if (!amount.ok) return amount
  const facts: Omit<NoticeFacts, keyof MessageSource> = {
    paymentIds: [transactionId],
    ...{ cause: 'refund', causeId: `refund:${transactionId}`, state },
    ...{ lineNo: null, amount: amount.value, occurredAtMs },
  }
  return accepted(vouchForNotice({ ...sourceOf(apple, told), ...facts }))
}

/** Apple asks how a purchase was used whose buyer wants their money back. Each time it asks, it is another question. */
export function inquiryOf(
  apple: AppleInstance,
  { notification, ...proven }: Proven & { notification: Notification },
): ChannelMessage {
  const { transactionId } = proven.transaction
  const { notificationUUID, signedDate } = notification
  return {
    kind: 'inquiry',
    source: sourceOf(apple, proven),
    owed: {
      kind: 'consumption',
      subject: `${transactionId}:${notificationUUID}`,
      details: { transactionId },
      untilMs: signedDate + CONSUMPTION_ANSWER_MS,
    },
  }
}

/** What is wrong with a purchase that we could never grant; null where it may be. */
export function refuseProduct(transaction: Transaction): ReturnType<typeof refusedField> | null {
  return isConsumable(transaction) ? null : refusedField('type', 'is not Consumable')
}
