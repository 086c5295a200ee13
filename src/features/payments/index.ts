export { type ApprovalRequest, approveEntry } from './approve-entry.ts'
export { type ChannelTaskDeps, carryOutRefunds } from './carry-out-refunds.ts'
export { type CaughtUp, catchUp } from './catch-up.ts'
export { openNoticeLane } from './notice-lane.ts'
export { type OrderCase, readOrderCase, type StoryLine } from './order-case.ts'
export { openPaymentLane, type PaymentLane } from './payment-lane.ts'
export { blankPaymentEvents } from './queries.ts'
export { findReviewCase, listReviewQueue, listUnfinishedRefunds, type ReviewCase } from './read-review.ts'
export { type RefundRequest, refundPayment } from './refund-payment.ts'
export {
  type ReplayDeps,
  type Replayed,
  type ReplayOutcome,
  type ReplayRefusal,
  replayEvent,
} from './replay-event.ts'
export type { QueuedMoney } from './review-queries.ts'
export type { PaymentDeps } from './routes.ts'
export type { MessageDeps } from './settle-message.ts'
export { type SettleDeps, settlePayments } from './settle-payments.ts'
export type { Settlement } from './settlement.ts'
