import { type AppId, type OrderId, orderOfAccountToken } from '../../kernel/ids.ts'
import { type Money, minorUnits, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import {
  type Charged,
  type Evidence,
  type OwedCall,
  type PaymentClaim,
  type PaymentLine,
  type PriceRule,
  vouchForPayment,
} from '../channel.ts'
import { type ItemsBySku, itemOfSku } from '../item-of-sku.ts'
import { unavailable } from './client.ts'
import { moneyOf } from './money.ts'
import {
  environmentOf,
  hashOfToken,
  type KnownPurchase,
  nameOfToken,
  namesOf,
  orderIdOf,
  quantityOf,
} from './purchase.ts'
import type { Order, ProductLine } from './wire.ts'

/** What the channel knows of the app and its products. */
export interface PlayShop {
  readonly appId: AppId
  readonly instance: string
  readonly items: ItemsBySku
  readonly priceRule: PriceRule
  /** Products that a player keeps and buys once: they are acknowledged, not consumed. */
  readonly acknowledgeOnly: readonly string[]
}

const DAY_MS = 24 * 60 * 60 * 1000
/** A purchase that nobody consumes or acknowledges is taken back by Play after this. */
const FINISH_WITHIN_MS = 3 * DAY_MS

/** A purchase that stands, as money of whoever made the order that it names. */
export function claimOf(
  shop: PlayShop,
  { known, evidence }: { known: KnownPurchase; evidence: Evidence },
): Outcome<PaymentClaim> {
  const { token, purchase } = known
  const products = purchase.productLineItem ?? []
  const priced = pricesOf(known.order, products)
  if (!priced.ok) return priced
  const { appId, instance } = shop
  const source = { appId, instance, environment: environmentOf(purchase), evidence }
  const orderId = orderOfAccountToken(purchase.obfuscatedExternalAccountId ?? '')
  const lines = linesOf(shop, { known, products, prices: priced.value.prices, orderId })
  const [transactionId, ...otherIds] = namesOf({ token, orderId: orderIdOf(purchase) })
  const owed = owedFor(shop, { known, products })
  return accepted({
    source,
    orderId,
    paymentOf: ({ playerId, isUnclaimed }) =>
      vouchForPayment({
        ...source,
        ...{ transactionId, otherIds, factsAreIdentity: false, playerId, isUnclaimed, lines, owed },
        charged: priced.value.charged,
        priceRule: shop.priceRule,
        shown: { channel: instance, method: 'google_play' },
      }),
  })
}

/**
 * One piece of one product is for the order that the game named. What is more than that has orders of its own, as an order
 * is for one piece: which player's they are the named order says all the same.
 */
function linesOf(
  { instance, items }: PlayShop,
  bought: { known: KnownPurchase; products: readonly ProductLine[]; prices: readonly Money[]; orderId: OrderId | null },
): PaymentLine[] {
  const { known, products, prices, orderId } = bought
  const own = orderIdOf(known.purchase) ?? `token-${hashOfToken(known.token).slice(0, 32)}`
  return products.flatMap((product, index) => {
    const price = prices[index]
    if (!price) return []
    const quantity = quantityOf(product)
    const lineNo = index + 1
    const isNamed = orderId !== null && products.length === 1 && quantity === 1
    const further = lineNo === 1 ? '' : `:${lineNo}`
    const lineOrder = isNamed ? orderId : (`${instance}:${own}${further}` as OrderId)
    return [{ lineNo, orderId: lineOrder, itemId: itemOfSku(items, product.productId), quantity, price }]
  })
}

/** What each line cost its buyer, taxes counted, and all of them. Nothing, where Play has no order: a tester, a promotion. */
export function pricesOf(
  order: Order | null,
  products: readonly ProductLine[],
): Outcome<{ prices: readonly Money[]; charged: Charged }> {
  if (products.length === 0) return unavailable('Google Play names no product of a purchase')
  if (order === null) {
    const currency = parseCurrency('USD')
    const prices = products.flatMap(() => (currency === null ? [] : [{ minor: minorUnits(0), currency }]))
    return accepted({ prices, charged: { totalMinor: minorUnits(0), taxMinor: null, discountMinor: null } })
  }
  const total = order.total ? moneyOf(order.total) : null
  if (total === null) return unavailable('Google Play names no total of an order in a currency that we know')
  const tax = order.tax ? moneyOf(order.tax) : null
  const charged = { totalMinor: total.minor, taxMinor: tax?.minor ?? null, discountMinor: null }
  if (products.length === 1) return accepted({ prices: [total], charged })
  const left = [...(order.lineItems ?? [])]
  const prices: Money[] = []
  for (const { productId } of products) {
    const at = left.findIndex((line) => line.productId === productId)
    const [line] = at < 0 ? [] : left.splice(at, 1)
    const price = line?.total ? moneyOf(line.total) : null
    if (price?.currency !== total.currency) return unavailable('Google Play names no price of a line of an order')
    prices.push(price)
  }
  return accepted({ prices, charged })
}

/** The call that Play waits for, one for each product; none for what the game has done itself. */
function owedFor(
  { acknowledgeOnly }: PlayShop,
  { known: { token, purchase }, products }: { known: KnownPurchase; products: readonly ProductLine[] },
): OwedCall[] {
  const ids = new Set(products.map(({ productId }) => productId))
  const boughtMs = Date.parse(purchase.purchaseCompletionTime ?? '')
  const untilMs = Number.isNaN(boughtMs) ? null : boughtMs + FINISH_WITHIN_MS
  return [...ids].flatMap((productId): OwedCall[] => {
    const way = acknowledgeOnly.includes(productId) ? 'acknowledge' : 'consume'
    if (isFinished({ purchase, productId, way })) return []
    const subject = `${productId} ${nameOfToken(token)}`
    return [{ kind: 'consume', subject, details: { way, product_id: productId, purchase_token: token }, untilMs }]
  })
}

/** Whether what we owe for a product was done, by us or by the game. */
export function isFinished({
  purchase,
  productId,
  way,
}: {
  purchase: KnownPurchase['purchase']
  productId: string
  way: 'consume' | 'acknowledge'
}): boolean {
  if (way === 'acknowledge') return purchase.acknowledgementState === 'ACKNOWLEDGEMENT_STATE_ACKNOWLEDGED'
  const lines = (purchase.productLineItem ?? []).filter((line) => line.productId === productId)
  return (
    lines.length > 0 &&
    lines.every((line) => line.productOfferDetails?.consumptionState === 'CONSUMPTION_STATE_CONSUMED')
  )
}
