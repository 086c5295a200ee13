import { createHash } from 'node:crypto'
import { type Money, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import { type Evidence, type VerifiedNotice, vouchForNotice } from '../channel.ts'
import { environmentOf, firstOrderId, orderName, transactionIdsOf } from './names.ts'
import { amountOf } from './order-payment.ts'
import type { XsollaInstance } from './settings.ts'
import type { CancellationMessage, RefundMessage } from './wire.ts'

// A chargeback, fraud that somebody suspects or reports: the payer or their bank took the money, nobody gave it.
const DISPUTE_CODES: ReadonlySet<string> = new Set(['2', '4', '7', '11', '12'])

/** A refund of all of a payment, under the id that its confirmation to ourselves has too. */
export function wholeRefundId(transactionId: number | string): string {
  return `refund:${transactionId}`
}

/** A payment was taken back, all of it. */
export function noticeOfRefund(
  { appId, instance }: XsollaInstance,
  { message, evidence }: { message: RefundMessage; evidence: Evidence },
): Outcome<VerifiedNotice> {
  return accepted(
    vouchForNotice({
      ...{ appId, instance, environment: environmentOf(message) },
      paymentIds: [String(message.transaction.id)],
      ...{ cause: causeOf(message.refund_details), causeId: wholeRefundId(message.transaction.id), state: 'taken' },
      ...{ lineNo: null, amount: null },
      // The platform gives its refunds no time; what it tells is final, so nothing hangs on it.
      occurredAtMs: evidence.receivedAtMs,
      evidence,
    }),
  )
}

/** A part of a payment was given back: each such message tells of a part of its own, and the same part told again is the same. */
export function noticeOfPartialRefund(
  { appId, instance }: XsollaInstance,
  { message, evidence }: { message: RefundMessage; evidence: Evidence },
): Outcome<VerifiedNotice> {
  const amount = partOf(message)
  if (!amount.ok) return amount
  return accepted(
    vouchForNotice({
      ...{ appId, instance, environment: environmentOf(message) },
      paymentIds: [String(message.transaction.id)],
      ...{ cause: causeOf(message.refund_details), causeId: partialRefundId(message), state: 'taken' },
      ...{ lineNo: null, amount: amount.value },
      occurredAtMs: evidence.receivedAtMs,
      evidence,
    }),
  )
}

/**
 * An order was canceled after it was paid. It tells of the same loss as a `refund` of its transaction; one that names none is
 * about a free order, or about whatever was paid for that order.
 */
export function noticeOfCancellation(
  { appId, instance }: XsollaInstance,
  { message, evidence }: { message: CancellationMessage; evidence: Evidence },
): VerifiedNotice {
  const { order, billing } = message
  const transactionIds = transactionIdsOf(message)
  const byOrder = orderName(order.id)
  const isFree = order.currency_type === 'unknown'
  return vouchForNotice({
    ...{ appId, instance, environment: environmentOf(message) },
    paymentIds: transactionIds.length === 0 && isFree ? [byOrder] : transactionIds,
    orderId: firstOrderId({ instance }, message),
    ...{
      cause: causeOf(billing?.refund_details),
      causeId: wholeRefundId(transactionIds[0] ?? byOrder),
      state: 'taken',
    },
    ...{ lineNo: null, amount: null },
    occurredAtMs: evidence.receivedAtMs,
    evidence,
  })
}

function causeOf(details: RefundMessage['refund_details']): 'refund' | 'dispute' {
  return DISPUTE_CODES.has(String(details?.code)) ? 'dispute' : 'refund'
}

/**
 * How much of the purchase went back, in its own currency. Where the payer's money is the same currency it may bear a tax on
 * top, or the purchase may be told whole: the smaller of the two is never more than was given back.
 */
function partOf({ purchase, payment_details: details }: RefundMessage): Outcome<Money> {
  const total = purchase?.total ?? details?.payment
  if (total === undefined || total === null) return refusedField('purchase.total', 'is missing')
  const currency = parseCurrency(total.currency)
  if (!currency) return refusedField('purchase.total.currency', 'is not an ISO 4217 code that is in use')
  const told = amountOf(total.amount, currency)
  if (told === null || told.minor === 0) return refusedField('purchase.total.amount', `is not an amount of ${currency}`)
  const payment = details?.payment
  if (!payment || parseCurrency(payment.currency) !== currency) return accepted(told)
  const paid = amountOf(payment.amount, currency)
  return accepted(paid !== null && paid.minor > 0 && paid.minor < told.minor ? paid : told)
}

/** The platform gives a part no id: it is known by what is told of it. */
function partialRefundId({
  transaction,
  purchase,
  payment_details: details,
  refund_details: why,
}: RefundMessage): string {
  const told = [transaction.date ?? null, purchase?.total ?? null, details?.payment ?? null]
  const part = JSON.stringify([...told, why?.code ?? null, why?.reason ?? null, why?.author ?? null])
  return `partial:${transaction.id}:${createHash('sha256').update(part).digest('hex').slice(0, 32)}`
}
