import type { OrderId } from '../../kernel/ids.ts'
import { type Money, parseCurrency, parseMajor } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import { type Evidence, REVERSAL_TYPES, type VerifiedNotice, vouchForNotice } from '../channel.ts'
import { SIGNATURE_TOLERANCE_MS } from '../timestamped-signature.ts'
import { environmentOf } from './translate.ts'
import type { TrustedSource } from './trust.ts'
import type { NoticeMessage } from './wire.ts'

/** A trusted source's word of what became of money that was paid. Vouched for by whoever made the source. */
export function noticeFrom(
  { appId, instance }: TrustedSource,
  { message, evidence, nowMs }: { message: NoticeMessage; evidence: Evidence; nowMs: number },
): Outcome<VerifiedNotice> {
  const { transaction_id: transactionId, order_id: orderId } = message
  if (transactionId === undefined && orderId === undefined) return refusedField('transaction_id', 'is missing')
  const amount = amountOf(message)
  if (!amount.ok) return amount
  const occurredAtMs = Date.parse(message.occurred_at)
  if (!(occurredAtMs >= 0)) return refusedField('occurred_at', 'is no time')
  // What has not happened yet would outlive every notice to come.
  if (occurredAtMs > nowMs + SIGNATURE_TOLERANCE_MS) return refusedField('occurred_at', 'is still to come')
  return accepted(
    vouchForNotice({
      appId,
      instance,
      environment: environmentOf(message),
      paymentIds: transactionId === undefined ? [] : [transactionId],
      ...(orderId === undefined ? {} : { orderId: orderId as OrderId }),
      ...REVERSAL_TYPES[message.type],
      causeId: message.reversal_id,
      lineNo: null,
      amount: amount.value,
      occurredAtMs,
      evidence,
    }),
  )
}

/** Null: all of it. */
function amountOf(message: NoticeMessage): Outcome<Money | null> {
  if (message.amount === undefined) return accepted(null)
  if (message.currency === undefined) return refusedField('currency', 'is missing')
  const currency = parseCurrency(message.currency)
  if (!currency) return refusedField('currency', 'is not an ISO 4217 code that is in use')
  const amount = parseMajor(message.amount, currency)
  return amount ? accepted(amount) : refusedField('amount', `is not an amount of ${currency}`)
}
