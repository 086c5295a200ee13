import type { OrderId } from '../../kernel/ids.ts'

/** The id of a purchase among the names of a payment: ids of different kinds can never be taken for one another. */
export function purchaseName(purchaseId: string): string {
  return `purchase:${purchaseId}`
}

/**
 * How a refund and a dispute are called, as Appcharge gives them no ids: a purchase is given back once, and whole, and is disputed in
 * one go. Its events, its reports and its answers to us mean the same one.
 */
export const REFUND_CAUSE = 'refund'
export const DISPUTE_CAUSE = 'dispute'

/** How our own order ids look. */
const OWN_ORDER_ID = /^ord_[0-9a-f]{32}$/

/** The order of ours that a checkout session was opened for; null where it was opened for none. */
export function orderOfSession(metadata: unknown): OrderId | null {
  const told = typeof metadata === 'string' ? parsed(metadata) : metadata
  if (typeof told !== 'object' || told === null || !Object.hasOwn(told, 'order_id')) return null
  const { order_id: orderId } = told as { order_id: unknown }
  return typeof orderId === 'string' && OWN_ORDER_ID.test(orderId) ? (orderId as OrderId) : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
