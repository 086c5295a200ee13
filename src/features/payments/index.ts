export { openPaymentLane, type PaymentLane } from './payment-lane.ts'
export type { PaymentDeps } from './routes.ts'
export { type SettleDeps, settlePayments } from './settle-payments.ts'
export type { Settlement } from './settlement.ts'
