export { type ApprovalRequest, approveEntry } from './approve-entry.ts'
export { carryOutCalls, type OwedCallDeps } from './carry-out-calls.ts'
export { type ChannelTaskDeps, carryOutRefunds } from './carry-out-refunds.ts'
export { type CatchUpDeps, type CaughtUp, catchUp } from './catch-up.ts'
export { withPayer } from './claim-payment.ts'
export { type Compared, compareWithBooks, findBooked, idsOfPayment, type Names } from './known-messages.ts'
export { type BookedPayment, selectBookedPayments } from './known-queries.ts'
export { type Listed, listedPages } from './listed-pages.ts'
export { openNoticeLane } from './notice-lane.ts'
export { type OrderCase, readOrderCase, type StoryLine } from './order-case.ts'
export { openPaymentLane, type PaymentLane } from './payment-lane.ts'
export { blankPaymentEvents } from './queries.ts'
export { findReviewCase, listReviewQueue, listUnfinishedRefunds, type ReviewCase } from './read-review.ts'
export { type RefundRequest, refundPayment } from './refund-payment.ts'
export { isUnwantedTest } from './refuse-test-mode.ts'
export {
  movesTheBooks,
  type ReplayDeps,
  type Replayed,
  type ReplayOutcome,
  type ReplayRefusal,
  replayEvent,
  sourceOf,
  type Understood,
} from './replay-event.ts'
export { type Cause, laterNotice } from './reversal-rules.ts'
export type { QueuedMoney } from './review-queries.ts'
export type { PaymentDeps } from './routes.ts'
export type { MessageDeps } from './settle-message.ts'
export { type SettleDeps, settlePayments } from './settle-payments.ts'
export type { Settlement } from './settlement.ts'
export { addTaken, NOTHING_TAKEN, type TakenIn, takeIn } from './take-in.ts'
