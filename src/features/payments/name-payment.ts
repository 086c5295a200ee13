import type { VerifiedPayment } from '../../channels/channel.ts'
import { newPaymentId, type PaymentId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { factsIdentity, orderIdentity, type PaymentIdentity, transactionIdentity } from './rules.ts'

/** A delivery of a payment with every name by which the payment may be known, and the id that it has if it is new. */
export interface NamedPayment {
  readonly verified: VerifiedPayment
  readonly candidateId: PaymentId
  readonly transaction: PaymentIdentity | null
  /** What refunds and disputes call it. */
  readonly others: readonly PaymentIdentity[]
  readonly facts: PaymentIdentity | null
  /** Only the first payment for an order has it; another payment for that order is not the same one. */
  readonly order: PaymentIdentity | null
}

export function namePayment(verified: VerifiedPayment): NamedPayment {
  const { transactionId, lines, playerId } = verified
  const [first] = lines
  invariant(first, 'a verified payment has at least one line')
  const named = {
    verified,
    candidateId: newPaymentId(),
    transaction: transactionId === null ? null : transactionIdentity(verified, transactionId),
    others: (verified.otherIds ?? []).map((id) => transactionIdentity(verified, id)),
    facts: verified.factsAreIdentity ? factsIdentity(verified, { ...first, playerId }) : null,
    order: verified.orderIsName ? orderIdentity(verified, first.orderId) : null,
  }
  invariant(named.transaction || named.facts || named.others.length > 0, 'a payment has an identity')
  return named
}
