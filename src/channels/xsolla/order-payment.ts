import type { OrderId } from '../../kernel/ids.ts'
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
import { type Charged, type Evidence, type PaymentLine, type VerifiedPayment, vouchForPayment } from '../channel.ts'
import { UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import { type BoughtRow, boughtRows, isUnpriced } from './bought-rows.ts'
import { environmentOf, firstOrderId, orderName, shownText, transactionIdsOf } from './names.ts'
import type { XsollaInstance } from './settings.ts'
import { memberOf, type OrderMessage } from './wire.ts'

/** Of one item of ours. */
export const QUANTITY_MAX = 1_000
// What we do not know may be counted in pieces of its own, like a currency: it waits for a person, however many.
const UNKNOWN_QUANTITY_MAX = 1_000_000

/** An order of the catalogue that was paid, as a payment: each row that was bought is a line. */
export function paymentOfOrder(
  xsolla: XsollaInstance,
  { message, evidence }: { message: OrderMessage; evidence: Evidence },
): Outcome<VerifiedPayment> {
  const { order, user, billing } = message
  const playerId = parsePlayerId(String(user.external_id))
  if (playerId === null) return refusedField('user.external_id', 'is not a player number')
  const currency = parseCurrency(order.currency ?? '')
  if (!currency) return refusedField('order.currency', 'is not an ISO 4217 code that is in use')
  const lines = linesOf(xsolla, { message, currency })
  if (!lines.ok) return lines
  const charged = chargedOf(message, { lines: lines.value, currency })
  if (!charged.ok) return charged
  const [transactionId, ...otherIds] = transactionIdsOf(message)
  return accepted(
    vouchForPayment({
      ...{ appId: xsolla.appId, instance: xsolla.instance, environment: environmentOf(message) },
      transactionId: transactionId ?? orderName(order.id),
      otherIds,
      // An order that is paid twice is two payments: its number is no name of both.
      orderIsName: true,
      factsAreIdentity: false,
      playerId,
      priceRule: xsolla.priceRule,
      ...(charged.value === null ? {} : { charged: charged.value }),
      lines: lines.value,
      // Refused, all of the money goes back: of several lines some may be granted.
      reviewAnswer: xsolla.automaticRefund && lines.value.length === 1 ? 'refuse' : 'accept',
      shown: {
        channel: xsolla.instance,
        method: shownText(billing?.transaction?.payment_method_name ?? order.platform),
      },
      evidence,
    }),
  )
}

function linesOf(
  xsolla: XsollaInstance,
  { message, currency }: { message: OrderMessage; currency: CurrencyCode },
): Outcome<PaymentLine[]> {
  const { items, order } = message
  const bought = boughtRows(items, xsolla.items)
  if (bought.length === 0) return refusedField('items', 'has nothing that was bought')
  const isOrderDiscounted = [order.promotions, order.promocodes, order.coupons].some((some) => (some?.length ?? 0) > 0)
  const lines: PaymentLine[] = []
  for (const [index, { row, itemId, pricedBy }] of bought.entries()) {
    const path = `items.${items.indexOf(row)}`
    const quantityMax = itemId === UNKNOWN_ITEM_ID ? UNKNOWN_QUANTITY_MAX : QUANTITY_MAX
    if (row.quantity < 1 || row.quantity > quantityMax) {
      return refusedField(`${path}.quantity`, `must be 1 to ${quantityMax}`)
    }
    const price = priceOf(pricedBy, { currency, isOrderDiscounted })
    if (price === null) return refusedField(`${path}.amount`, `is not an amount of ${currency}`)
    const lineNo = index + 1
    const orderId = lineNo === 1 ? firstOrderId(xsolla, message) : `${xsolla.instance}:${order.id}:${lineNo}`
    lines.push({ lineNo, orderId: orderId as OrderId, itemId, quantity: row.quantity, ...price })
  }
  return accepted(lines)
}

/** What a row cost: before its promotions, where they say it, and after them. Null where it says no amount of its currency. */
function priceOf(
  row: BoughtRow['pricedBy'],
  { currency, isOrderDiscounted }: { currency: CurrencyCode; isOrderDiscounted: boolean },
): Pick<PaymentLine, 'price' | 'priceReadings' | 'isDiscounted'> | null {
  const nothing: Money = { minor: minorUnits(0), currency }
  const paid = row === null || isUnpriced(row) ? nothing : amountOf(row.amount, currency)
  if (paid === null) return null
  const isBonus = row?.is_bonus === true
  const promotions = row?.promotions ?? []
  if (promotions.length === 0) return { price: paid, isDiscounted: isOrderDiscounted || isBonus }
  const list = listPriceOf(promotions, currency)
  if (list === null || list.minor < paid.minor) return { price: paid, isDiscounted: true }
  return { price: list, priceReadings: [paid], isDiscounted: isOrderDiscounted || isBonus }
}

/** Promotions are applied one after the other: before the first of them is before all. */
function listPriceOf(promotions: readonly unknown[], currency: CurrencyCode): Money | null {
  let highest: Money | null = null
  for (const promotion of promotions) {
    const before = amountOf(memberOf(promotion, 'amount_without_discount'), currency)
    if (before === null) return null
    if (highest === null || before.minor > highest.minor) highest = before
  }
  return highest
}

/**
 * What the order cost in all, in its own currency. A tax that is put on top of it is none of it: refunds are asked for and told
 * of in the purchase's own money, so what they are parts of is that.
 */
function chargedOf(
  { order, billing }: OrderMessage,
  { lines, currency }: { lines: readonly PaymentLine[]; currency: CurrencyCode },
): Outcome<Charged | null> {
  if (order.amount === undefined || order.amount === null) return accepted(null)
  const total = amountOf(order.amount, currency)
  if (total === null) return refusedField('order.amount', `is not an amount of ${currency}`)
  const listMinor = lines.reduce((sum, { price }) => sum + price.minor, 0)
  return accepted({
    totalMinor: total.minor,
    taxMinor: taxOf(billing?.payment_details, total),
    discountMinor: listMinor >= total.minor ? minorUnits(listMinor - total.minor) : null,
  })
}

/** The part of a total that is tax: what was paid beyond the total was put on top of it. */
function taxOf(details: NonNullable<OrderMessage['billing']>['payment_details'], total: Money): MinorUnits | null {
  const told = (of: { currency: string; amount: number | string | null } | null | undefined): number | null => {
    if (of === undefined || of === null || parseCurrency(of.currency) !== total.currency) return null
    return amountOf(of.amount, total.currency)?.minor ?? null
  }
  const [paid, vat, salesTax] = [told(details?.payment), told(details?.vat), told(details?.sales_tax)]
  if (paid === null || (vat === null && salesTax === null)) return null
  const onTop = Math.max(0, paid - total.minor)
  return minorUnits(Math.max(0, (vat ?? 0) + (salesTax ?? 0) - onTop))
}

/** An amount in major units, exactly; null for anything else. */
export function amountOf(wire: unknown, currency: CurrencyCode): Money | null {
  return typeof wire === 'number' || typeof wire === 'string' ? parseMajor(wire, currency) : null
}
