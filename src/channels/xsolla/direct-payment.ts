import type { OrderId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import { type Evidence, type PaymentLine, type VerifiedPayment, vouchForPayment } from '../channel.ts'
import { itemOfSku, UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import { environmentOf, ownOrderId, shownText } from './names.ts'
import { amountOf, QUANTITY_MAX } from './order-payment.ts'
import type { XsollaInstance } from './settings.ts'
import { memberOf, type PaymentMessage } from './wire.ts'

/**
 * A payment without an order of the catalogue: items by their skus, or a checkout over a sum, whose item stands in
 * `custom_parameters.item_id`. It tells what was paid in all; of several items the first bears it.
 */
export function directPayment(
  xsolla: XsollaInstance,
  { message, evidence }: { message: PaymentMessage; evidence: Evidence },
): Outcome<VerifiedPayment> {
  const { transaction, purchase, user } = message
  const playerId = parsePlayerId(String(user.id))
  if (playerId === null) return refusedField('user.id', 'is not a player number')
  const currency = parseCurrency(purchase.total.currency)
  if (!currency) return refusedField('purchase.total.currency', 'is not an ISO 4217 code that is in use')
  const total = amountOf(purchase.total.amount, currency)
  if (total === null) return refusedField('purchase.total.amount', `is not an amount of ${currency}`)
  const bought = boughtIn(xsolla, message)
  if (bought.some(({ quantity }) => quantity > QUANTITY_MAX)) {
    return refusedField('purchase.virtual_items.items', `has more than ${QUANTITY_MAX} of an item`)
  }
  const theirs = `${xsolla.instance}:${transaction.id}`
  const isDiscounted = (purchase.promotions?.length ?? 0) > 0 || memberOf(purchase.coupon, 'coupon_code') !== undefined
  const lines = bought.map((line, index): PaymentLine => {
    const lineNo = index + 1
    const ours = lineNo === 1 ? (ownOrderId(message.custom_parameters) ?? (theirs as OrderId)) : null
    const price = lineNo === 1 ? total : { minor: minorUnits(0), currency }
    return { lineNo, orderId: ours ?? (`${theirs}:${lineNo}` as OrderId), ...line, price, isDiscounted }
  })
  return accepted(
    vouchForPayment({
      ...{ appId: xsolla.appId, instance: xsolla.instance, environment: environmentOf(message) },
      transactionId: String(transaction.id),
      orderIsName: true,
      factsAreIdentity: false,
      playerId,
      priceRule: xsolla.priceRule,
      charged: { totalMinor: total.minor, taxMinor: null, discountMinor: null },
      lines,
      // The platform's automatic refund is of orders alone: refused, this money would go nowhere.
      reviewAnswer: 'accept',
      shown: { channel: xsolla.instance, method: shownText(transaction.payment_method_name) },
      evidence,
    }),
  )
}

function boughtIn({ items }: XsollaInstance, message: PaymentMessage): { itemId: number; quantity: number }[] {
  const { virtual_items: virtualItems, checkout } = message.purchase
  if (virtualItems) {
    return virtualItems.items.map(({ sku, amount: quantity }) => ({ itemId: itemOfSku(items, sku), quantity }))
  }
  const named = memberOf(message.custom_parameters, 'item_id')
  const isNamed = checkout !== undefined && (typeof named === 'string' || typeof named === 'number')
  return [{ itemId: isNamed ? itemOfSku(items, String(named)) : UNKNOWN_ITEM_ID, quantity: 1 }]
}
