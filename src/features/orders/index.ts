export { type LockedOrder, recordOrderState } from './change-order-state.ts'
export { makeOpenOrder, takeTerms } from './make-order.ts'
export { findOrder, insertOrders, selectOrdersForUpdate, updateOrders } from './queries.ts'
export { mayBecome, mayStillBePaid, ORDER_STATUSES } from './rules.ts'
