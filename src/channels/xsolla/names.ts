import type { OrderId } from '../../kernel/ids.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import { memberOf, type OrderMessage } from './wire.ts'

/** The name of a payment that has no transaction: a free order, or one that was paid elsewhere. */
export function orderName(id: number | string): string {
  return `order:${id}`
}

/** Play money, where either the order or its transaction says so. */
export function environmentOf(message: unknown): PaymentEnvironment {
  const isPlay = [message, memberOf(message, 'billing')].some((told) => {
    const dryRun = memberOf(memberOf(told, 'transaction'), 'dry_run') ?? 0
    return String(dryRun) !== '0' && dryRun !== false
  })
  return isPlay || memberOf(memberOf(message, 'order'), 'mode') === 'sandbox' ? 'test' : 'live'
}

// As callers may name their own orders: those that a platform names have a colon.
const OWN_ORDER_ID = /^(?!(?:history|\.{1,2})$)[!-9;-~]{1,128}$/

/** The order of ours that a checkout was opened for. */
export function ownOrderId(parameters: unknown): OrderId | null {
  const orderId = memberOf(parameters, 'order_id')
  return typeof orderId === 'string' && OWN_ORDER_ID.test(orderId) ? (orderId as OrderId) : null
}

type OrderTold = Pick<OrderMessage, 'order' | 'custom_parameters' | 'billing'>

/** The order that the first row of an order there is for: ours, where it was told, else theirs. */
export function firstOrderId({ instance }: { readonly instance: string }, told: OrderTold): OrderId {
  const ours = ownOrderId(told.custom_parameters) ?? ownOrderId(told.billing?.custom_parameters)
  return ours ?? (`${instance}:${told.order.id}` as OrderId)
}

/** The transaction of an order, by which refunds speak of it; none where nothing was charged. */
export function transactionIdsOf({ order, billing }: OrderTold): string[] {
  const ids = [order.invoice_id ?? null, billing?.transaction?.id ?? null].filter((id) => id !== null)
  return [...new Set(ids.map(String))]
}

const SHOWN_LENGTH_MAX = 64

/** A text to be shown with the order, without what cannot be shown. */
export function shownText(text: string | null | undefined): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what is taken out.
  const shown = (text ?? '').replaceAll(/[\u0000-\u001f\u007f]/g, '').slice(0, SHOWN_LENGTH_MAX)
  return shown === '' ? null : shown
}
