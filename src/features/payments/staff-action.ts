import type { Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import { newStaffActionId, type OrderId, type ReviewEntryId } from '../../kernel/ids.ts'
import { insertStaffAction } from './review-queries.ts'

/** Records what a person decided, in the transaction that does it. */
export async function recordStaffAction(
  tx: Tx,
  action: {
    kind: NewRow<'staff_actions'>['kind']
    /** Whoever did it, as they called themselves. */
    by: string
    payment: Pick<Row<'payments'>, 'app_id' | 'payment_id'>
    orderId: OrderId
    entryId: ReviewEntryId | null
    details: Readonly<Record<string, unknown>>
    nowMs: number
  },
): Promise<void> {
  const row: NewRow<'staff_actions'> = {
    action_id: newStaffActionId(),
    app_id: action.payment.app_id,
    kind: action.kind,
    by_name: action.by,
    payment_id: action.payment.payment_id,
    order_id: action.orderId,
    entry_id: action.entryId,
    details: JSON.stringify(action.details),
    at_ms: action.nowMs,
  }
  await insertStaffAction(tx, row)
}
