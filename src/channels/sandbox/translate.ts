import type { AppId, OrderId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import { minorUnits, parseCurrency } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import {
  type Evidence,
  REVERSAL_TYPES,
  type VerifiedFailure,
  type VerifiedNotice,
  type VerifiedPayment,
  vouchForFailure,
  vouchForNotice,
  vouchForPayment,
} from '../channel.ts'
import type { SandboxPurchase, SandboxReversalMessage } from './wire.ts'

/** Whose message it is. */
export interface SandboxSource {
  readonly appId: AppId
  readonly instance: string
}

function environmentOf({ test = false }: { readonly test?: boolean }): PaymentEnvironment {
  return test ? 'test' : 'live'
}

/** A purchase that the sandbox platform vouches for, as a payment. */
export function sandboxPayment(
  source: SandboxSource,
  { purchase, evidence }: { purchase: SandboxPurchase; evidence: Evidence },
): Outcome<VerifiedPayment> {
  const playerId = parsePlayerId(purchase.uid)
  const currency = parseCurrency(purchase.currency)
  if (playerId === null) return refusedField('uid', 'is not valid')
  if (currency === null) return refusedField('currency', 'is not valid')
  const price = { minor: minorUnits(purchase.amount_minor), currency }
  const { item_id: itemId, quantity } = purchase
  return accepted(
    vouchForPayment({
      ...source,
      environment: environmentOf(purchase),
      transactionId: purchase.transaction_id,
      factsAreIdentity: false,
      playerId,
      lines: [{ lineNo: 1, orderId: purchase.order_id as OrderId, itemId, quantity, price }],
      shown: { channel: purchase.channel_shown, method: 'sandbox' },
      evidence,
    }),
  )
}

/** A purchase that came to nothing. */
export function sandboxFailure(
  source: SandboxSource,
  told: { purchase: SandboxPurchase; code: string; evidence: Evidence },
): Outcome<VerifiedFailure> {
  const { purchase, code, evidence } = told
  const playerId = parsePlayerId(purchase.uid)
  if (playerId === null) return refusedField('uid', 'is not valid')
  return accepted(
    vouchForFailure({
      ...source,
      environment: environmentOf(purchase),
      playerId,
      orderId: purchase.order_id as OrderId,
      itemId: purchase.item_id,
      errorCode: code,
      shown: { channel: purchase.channel_shown, method: 'sandbox' },
      evidence,
    }),
  )
}

/** What became of money that was paid. */
export function sandboxNotice(
  source: SandboxSource,
  { message, evidence }: { message: SandboxReversalMessage; evidence: Evidence },
): Outcome<VerifiedNotice> {
  const { purchase, reversal } = message
  const currency = parseCurrency(purchase.currency)
  if (currency === null) return refusedField('currency', 'is not valid')
  const { amount_minor: amountMinor } = reversal
  return accepted(
    vouchForNotice({
      ...source,
      environment: environmentOf(purchase),
      paymentIds: [purchase.transaction_id],
      ...REVERSAL_TYPES[message.type],
      causeId: reversal.id,
      lineNo: null,
      amount: amountMinor === null ? null : { minor: minorUnits(amountMinor), currency },
      occurredAtMs: reversal.occurred_at_ms,
      evidence,
    }),
  )
}
