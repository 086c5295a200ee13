import type { VerifiedPayment } from '../../channels/channel.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import { keepEvent } from './payment-event.ts'
import type { PaymentLane } from './payment-lane.ts'
import { insertPaymentEvents } from './queries.ts'
import type { SettleDeps } from './settle-payments.ts'
import type { Settlement } from './settlement.ts'

/** Told when a payment could not be settled for a reason of our own. */
export type SettlementFailureReport = (failure: { error: unknown; orderId: string; requestId: string }) => void

/**
 * Settles a one-line payment through the lane. A fault of ours never loses the message: it is kept alone with the
 * verdict `error`, its sender is asked to send it again, and a replay heals it.
 * @throws StorageUnavailable when nothing can be kept at all; the sender's retry is then the only copy.
 */
export async function settleOnePayment(
  deps: SettleDeps & { lane: PaymentLane; report: SettlementFailureReport },
  verified: VerifiedPayment,
): Promise<Outcome<Settlement>> {
  try {
    const [outcome] = await deps.lane.settle(verified)
    invariant(outcome, 'a one-line payment has one outcome')
    return outcome
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error
    deps.report({ error, orderId: verified.lines[0]?.orderId ?? '', requestId: verified.evidence.requestId })
    await deps.database.inTransaction((tx) =>
      insertPaymentEvents(tx, [keepEvent(verified, { verdict: 'error', paymentId: null, orderId: null })]),
    )
    return refused('settlement_failed')
  }
}
