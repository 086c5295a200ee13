import type { VerifiedFailure, VerifiedNotice, VerifiedPayment } from '../../channels/channel.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { AppliedNotice } from './apply-notice.ts'
import { type KeepDeps, workOnMessage } from './keep-message.ts'
import type { NoticeLane } from './notice-lane.ts'
import type { PaymentLane } from './payment-lane.ts'
import { type RecordedFailure, recordFailure } from './record-failure.ts'
import { isUnwantedTest, refuseTestMode } from './refuse-test-mode.ts'
import type { SettleDeps } from './settle-payments.ts'
import type { Settlement } from './settlement.ts'

export interface MessageDeps extends SettleDeps, KeepDeps {
  readonly lane: PaymentLane
  readonly notices: NoticeLane
}

/**
 * Settles a payment, whichever road it came by; a fault of ours keeps the message and asks for a retry. Gives what became of
 * it: of several lines the first that was refused, else the first.
 */
export async function settleMessage(deps: MessageDeps, payment: VerifiedPayment): Promise<Outcome<Settlement>> {
  if (isUnwantedTest(deps, payment)) return refuseTestMode(deps, payment)
  return workOnMessage(deps, payment, async () => {
    const outcomes = await deps.lane.settle(payment)
    const told = outcomes.find((outcome) => !outcome.ok) ?? outcomes[0]
    invariant(told, 'a payment has a line at least, and each line an outcome')
    return told
  })
}

/** Records a failure, whichever road it came by. */
export async function recordMessage(deps: MessageDeps, failure: VerifiedFailure): Promise<Outcome<RecordedFailure>> {
  if (isUnwantedTest(deps, failure)) return refuseTestMode(deps, failure)
  return workOnMessage(deps, failure, () => recordFailure(deps, failure))
}

/** Books a refund or a dispute, whichever road it came by. */
export async function bookNotice(deps: MessageDeps, notice: VerifiedNotice): Promise<Outcome<AppliedNotice>> {
  if (isUnwantedTest(deps, notice)) return refuseTestMode(deps, notice)
  return workOnMessage(deps, notice, async () => accepted(await deps.notices.book(notice)))
}
