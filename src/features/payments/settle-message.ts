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

/** Settles a payment of one line, whichever road it came by; a fault of ours keeps the message and asks for a retry. */
export async function settleMessage(deps: MessageDeps, payment: VerifiedPayment): Promise<Outcome<Settlement>> {
  if (isUnwantedTest(deps, payment)) return refuseTestMode(deps, payment)
  return workOnMessage(deps, payment, async () => {
    const [outcome] = await deps.lane.settle(payment)
    invariant(outcome, 'a one-line payment has one outcome')
    return outcome
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
