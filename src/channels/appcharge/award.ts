import type { OrderId, PlayerId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import {
  type CurrencyCode,
  type MinorUnits,
  type Money,
  minorUnits,
  parseCurrency,
  parseMajor,
} from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import {
  type Evidence,
  type PaymentFacts,
  type PaymentLine,
  type VerifiedPayment,
  vouchForPayment,
} from '../channel.ts'
import type { AppchargeInstance } from './instance.ts'
import { orderOfSession, purchaseName } from './names.ts'
import { type Sold, soldItems, splitMinor } from './sold-items.ts'
import type { Award } from './wire.ts'

const METHOD_LENGTH_MAX = 64

/** What an award says was paid. */
export function paymentFromAward(
  instance: AppchargeInstance,
  { award, evidence }: { award: Award; evidence: Evidence },
): Outcome<VerifiedPayment> {
  const playerId = parsePlayerId(award.playerId)
  if (playerId === null) return refusedField('playerId', 'is not a player number')
  const currency = parseCurrency(award.currency)
  if (currency === null) return refusedField('currency', 'is not an ISO 4217 code that is in use')
  const isFree = award.action === 'bonus'
  if (isFree && (award.priceInCents > 0 || award.subTotal > 0)) return refusedField('action', 'is free and has a price')
  const { orderId, purchaseId, paymentMethod } = award
  const discount = discountOf(award, currency)
  const sku = award.sku ?? ''
  return accepted(
    vouchedPayment(instance, {
      evidence,
      playerId,
      orderId: orderOfSession(award.sessionMetadata) ?? orderNamed(instance, orderId),
      transactionId: orderId,
      // Its events name the purchase alone. Whatever else is no name: two orders that shared it would be one payment.
      otherIds: purchaseId ? [purchaseName(purchaseId)] : [],
      sold: soldItems(instance, { sku, products: award.products ?? [] }),
      readings: readingsOf(award, discount),
      isDiscounted: discount === null && isPromoted(award),
      currency,
      charged: { totalMinor: minorUnits(award.priceInCents), taxMinor: minorOf(award.tax), discountMinor: discount },
      // Whoever lists an offer as free has set its price.
      priceRule: isFree && instance.freeOffers.includes(sku) ? 'platform' : instance.priceRule,
      method: paymentMethod || null,
    }),
  )
}

/** The order of a purchase that no order of ours was made for. */
export function orderNamed({ instance }: Pick<AppchargeInstance, 'instance'>, orderId: string): OrderId {
  return `${instance}:${orderId}` as OrderId
}

/** A purchase, read. */
export interface PurchaseRead {
  readonly evidence: Evidence
  readonly playerId: PlayerId
  /** Of the first line. */
  readonly orderId: OrderId
  readonly transactionId: string | null
  readonly otherIds: readonly string[]
  readonly sold: readonly Sold[]
  /** In minor units, the main one first. */
  readonly readings: readonly number[]
  readonly isDiscounted: boolean
  readonly currency: CurrencyCode
  readonly charged: NonNullable<PaymentFacts['charged']>
  readonly priceRule: AppchargeInstance['priceRule']
  readonly method: string | null
}

/** Vouches for what the caller has proven. */
export function vouchedPayment(instance: AppchargeInstance, read: PurchaseRead): VerifiedPayment {
  const { evidence, playerId, transactionId, otherIds, charged, priceRule, method } = read
  return vouchForPayment({
    appId: instance.appId,
    instance: instance.instance,
    environment: instance.environment,
    transactionId,
    otherIds,
    factsAreIdentity: false,
    playerId,
    lines: linesOf(instance, read),
    charged,
    priceRule,
    shown: { channel: instance.instance, method: method?.slice(0, METHOD_LENGTH_MAX) ?? null },
    evidence,
  })
}

/** Appcharge prices the whole offer. Of several items each takes its share by number, in every reading; one takes it all. */
function linesOf(instance: AppchargeInstance, read: PurchaseRead): PaymentLine[] {
  const { sold, readings, isDiscounted, currency, orderId, transactionId } = read
  const weights = sold.map(({ quantity }) => quantity)
  const shares = readings.map((minor) => splitMinor(minor, weights))
  return sold.map(({ itemId, quantity }, index) => {
    const [price, ...priceReadings] = shares.map((share): Money => ({ minor: minorUnits(share[index] ?? 0), currency }))
    return {
      lineNo: index + 1,
      orderId: index === 0 ? orderId : (`${orderNamed(instance, transactionId ?? orderId)}:${index + 1}` as OrderId),
      itemId,
      quantity,
      price: price ?? { minor: minorUnits(0), currency },
      priceReadings,
      isDiscounted,
    }
  })
}

/** Before tax, and with it; each also as it was before the discount. */
function readingsOf({ subTotal, priceInCents }: Award, discount: MinorUnits | null): number[] {
  const before = [subTotal, priceInCents].map((minor) => minor + (discount ?? 0))
  return [...new Set([subTotal, priceInCents, ...before])].filter(Number.isSafeInteger)
}

/** A whole number is in the smallest unit, as every other amount in the order's currency; a fraction can only be in whole ones. */
function discountOf({ discount }: Award, currency: CurrencyCode): MinorUnits | null {
  if (typeof discount !== 'number' || discount === 0) return null
  if (Number.isSafeInteger(discount)) return minorUnits(discount)
  return parseMajor(discount, currency)?.minor ?? null
}

function isPromoted({ promoCodeName, discountRatePoints }: Award): boolean {
  return Boolean(promoCodeName) || Number(discountRatePoints ?? 0) > 0
}

function minorOf(amount: number | null | undefined): MinorUnits | null {
  return typeof amount === 'number' ? minorUnits(amount) : null
}
