import type { Db } from '../../db/database.ts'
import type { OrderStatus, Row } from '../../db/schema.ts'
import type { AppId, OrderId, PaymentId } from '../../kernel/ids.ts'
import { causeOf } from './cause-queries.ts'
import type { Cause } from './reversal-rules.ts'

/** A payment as the books have it; with no line where only a refund or a dispute of it was told. */
export interface BookedPayment
  extends Pick<
    Row<'payments'>,
    'payment_id' | 'app_id' | 'instance' | 'environment' | 'transaction_id' | 'charged_minor' | 'created_at_ms'
  > {
  /** In the order of their numbers. */
  readonly lines: readonly Row<'payment_lines'>[]
  readonly causes: readonly Cause[]
}

/** The payments that some names stand for, each name by its key. */
export async function selectNamedPaymentIds(db: Db, keys: readonly string[]): Promise<Map<string, PaymentId>> {
  if (keys.length === 0) return new Map()
  const rows = await db
    .selectFrom('payment_identities')
    .select(['identity_key', 'payment_id'])
    .where('identity_key', 'in', keys)
    .execute()
  return new Map(rows.map((row) => [row.identity_key, row.payment_id]))
}

/** Payments with their lines and with what went back of them. */
export async function selectBookedPayments(
  db: Db,
  paymentIds: readonly PaymentId[],
): Promise<Map<PaymentId, BookedPayment>> {
  if (paymentIds.length === 0) return new Map()
  const payments = await db
    .selectFrom('payments')
    .select(['payment_id', 'app_id', 'instance', 'environment', 'transaction_id', 'charged_minor', 'created_at_ms'])
    .where('payment_id', 'in', paymentIds)
    .execute()
  const lines = await db
    .selectFrom('payment_lines')
    .selectAll()
    .where('payment_id', 'in', paymentIds)
    .orderBy('payment_id')
    .orderBy('line_no')
    .execute()
  const causes = await db.selectFrom('payment_reversals').selectAll().where('payment_id', 'in', paymentIds).execute()
  const linesOf = Map.groupBy(lines, (line) => line.payment_id)
  const causesOf = Map.groupBy(causes, (cause) => cause.payment_id)
  return new Map(
    payments.map((payment) => {
      const { payment_id: id } = payment
      return [id, { ...payment, lines: linesOf.get(id) ?? [], causes: (causesOf.get(id) ?? []).map(causeOf) }]
    }),
  )
}

/** The payments that some orders of an app were granted for. */
export async function selectGrantedPaymentIds(
  db: Db,
  { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] },
): Promise<Map<OrderId, PaymentId>> {
  const orders = await selectOrders(db, { appId, orderIds })
  return new Map(orders.flatMap(({ order_id: id, granted_payment_id: paid }) => (paid === null ? [] : [[id, paid]])))
}

/** How some orders of an app stand. */
export async function selectOrderStatuses(
  db: Db,
  { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] },
): Promise<Map<OrderId, OrderStatus>> {
  const orders = await selectOrders(db, { appId, orderIds })
  return new Map(orders.map(({ order_id: id, status }) => [id, status]))
}

async function selectOrders(db: Db, { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] }) {
  if (orderIds.length === 0) return []
  return await db
    .selectFrom('orders')
    .select(['order_id', 'status', 'granted_payment_id'])
    .where('app_id', '=', appId)
    .where('order_id', 'in', orderIds)
    .execute()
}
