import type { Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, OrderId, PaymentId } from '../../kernel/ids.ts'

/** Everything that the books keep of one order, each kind in the order of time. */
export interface CaseRows {
  readonly payments: readonly (Row<'payments'> & { readonly lines: readonly Row<'payment_lines'>[] })[]
  readonly messages: readonly Row<'payment_events'>[]
  readonly states: readonly Row<'outbox_events'>[]
  readonly ledger: readonly (Row<'ledger_transactions'> & { readonly postings: readonly Row<'postings'>[] })[]
  readonly reward: Row<'inbox_messages'> | null
  readonly causes: readonly Row<'payment_reversals'>[]
  readonly reversals: readonly Row<'order_reversals'>[]
  readonly entries: readonly Row<'review_entries'>[]
  readonly refunds: readonly Row<'refund_intents'>[]
  readonly decisions: readonly Row<'staff_actions'>[]
  /** Kinds of which there is more than is read. */
  readonly cut: readonly string[]
}

/** Enough for any honest story: of more the beginning and the end are read. */
export const CASE_ROWS_MAX = 200

interface Wanted {
  readonly appId: AppId
  readonly orderId: OrderId
}

/** Any order of an app, whoever's it is. */
export async function findOrderOfApp(db: Db, { appId, orderId }: Wanted): Promise<Row<'orders'> | null> {
  const query = db.selectFrom('orders').selectAll().where('app_id', '=', appId).where('order_id', '=', orderId)
  return (await query.executeTakeFirst()) ?? null
}

/** Reads an order's story; every read goes by a key, and none is longer than a page. */
export async function selectCase(db: Db, order: Row<'orders'>): Promise<CaseRows> {
  const wanted = { appId: order.app_id, orderId: order.order_id }
  const cut: string[] = []
  const payments = await selectPaymentsOf(db, order)
  const paymentIds = payments.map((payment) => payment.payment_id)
  const messages = await firstAndLast('messages', cut, (direction, limit) =>
    db
      .selectFrom('payment_events')
      .selectAll()
      .where('app_id', '=', wanted.appId)
      .where('order_id', '=', wanted.orderId)
      .orderBy('received_at_ms', direction)
      .limit(limit)
      .execute(),
  )
  // What was told before there was an order: a refund that came before its payment.
  const early = await orNone(paymentIds, (ids) =>
    db
      .selectFrom('payment_events')
      .selectAll()
      .where('payment_id', 'in', ids)
      .where('order_id', 'is', null)
      .limit(CASE_ROWS_MAX)
      .execute(),
  )
  const states = await firstAndLast('states', cut, (direction, limit) =>
    db
      .selectFrom('outbox_events')
      .selectAll()
      .where('app_id', '=', wanted.appId)
      .where('order_id', '=', wanted.orderId)
      .orderBy('state_version', direction)
      .limit(limit)
      .execute(),
  )
  const reversals = await firstAndLast('reversals', cut, (direction, limit) =>
    db
      .selectFrom('order_reversals')
      .selectAll()
      .where('app_id', '=', wanted.appId)
      .where('order_id', '=', wanted.orderId)
      .orderBy('reversal_no', direction)
      .limit(limit)
      .execute(),
  )
  const reward = await db
    .selectFrom('inbox_messages')
    .selectAll()
    .where('app_id', '=', wanted.appId)
    .where('reward_order_id', '=', wanted.orderId)
    .executeTakeFirst()
  const ledger = await selectLedgerOf(db, { ...wanted, reversals, messageId: reward?.message_id ?? null })
  const causes = await selectOfPayments(db, 'payment_reversals', paymentIds)
  const entries = await selectOfPayments(db, 'review_entries', paymentIds)
  const refunds = await selectOfPayments(db, 'refund_intents', paymentIds)
  const decisions = await selectOfPayments(db, 'staff_actions', paymentIds)
  return {
    payments,
    messages: [...early, ...messages],
    states,
    ledger,
    reward: reward ?? null,
    causes,
    reversals,
    entries,
    refunds,
    decisions,
    cut,
  }
}

async function selectPaymentsOf(db: Db, { app_id: appId, order_id: orderId, granted_payment_id }: Row<'orders'>) {
  const naming = await db
    .selectFrom('payment_lines')
    .select('payment_id')
    .where('app_id', '=', appId)
    .where('order_id', '=', orderId)
    .limit(CASE_ROWS_MAX)
    .execute()
  const ids = new Set(naming.map((line) => line.payment_id))
  if (granted_payment_id) ids.add(granted_payment_id)
  const rows = await orNone([...ids], (some) =>
    db.selectFrom('payments').selectAll().where('payment_id', 'in', some).orderBy('created_at_ms').execute(),
  )
  const lines = await selectOfPayments(db, 'payment_lines', [...ids])
  return rows.map((row) => ({ ...row, lines: lines.filter((line) => line.payment_id === row.payment_id) }))
}

async function selectLedgerOf(
  db: Db,
  about: Wanted & { reversals: readonly Row<'order_reversals'>[]; messageId: string | null },
) {
  const reversed = about.reversals.map((row) => `${about.orderId} ${row.reversal_no}`)
  const sources = {
    order_grant: [about.orderId as string],
    order_refund: reversed,
    order_restore: reversed,
    inbox_claim: about.messageId === null ? [] : [about.messageId],
  }
  const links: Row<'ledger_transactions'>[] = []
  for (const [kind, sourceIds] of Object.entries(sources)) {
    const found = await orNone(sourceIds, (ids) =>
      db
        .selectFrom('ledger_transactions')
        .selectAll()
        .where('app_id', '=', about.appId)
        .where('kind', '=', kind)
        .where('source_id', 'in', ids)
        .execute(),
    )
    links.push(...found)
  }
  const [first] = links
  if (!first) return []
  const postings = await db
    .selectFrom('postings')
    .selectAll()
    .where('user_id', '=', first.user_id)
    .where(
      'ledger_seq',
      'in',
      links.map((link) => link.ledger_seq),
    )
    .orderBy('posting_no')
    .execute()
  return links.map((link) => ({ ...link, postings: postings.filter((one) => one.ledger_seq === link.ledger_seq) }))
}

type OfPayments = 'payment_lines' | 'payment_reversals' | 'review_entries' | 'refund_intents' | 'staff_actions'

function selectOfPayments<T extends OfPayments>(db: Db, table: T, paymentIds: readonly PaymentId[]): Promise<Row<T>[]> {
  return orNone(
    paymentIds,
    async (ids) =>
      (await db
        .selectFrom(table as 'payment_lines')
        .selectAll()
        .where('payment_id', 'in', ids)
        .limit(CASE_ROWS_MAX)
        .execute()) as unknown as Row<T>[],
  )
}

/** The first half and the last half of what may be read, in their order; notes when something between is left out. */
async function firstAndLast<T>(
  kind: string,
  cut: string[],
  read: (direction: 'asc' | 'desc', limit: number) => Promise<T[]>,
): Promise<T[]> {
  const first = await read('asc', CASE_ROWS_MAX + 1)
  if (first.length <= CASE_ROWS_MAX) return first
  cut.push(kind)
  const half = CASE_ROWS_MAX / 2
  return [...first.slice(0, half), ...(await read('desc', half)).toReversed()]
}

async function orNone<K, T>(keys: readonly K[], read: (keys: readonly K[]) => Promise<T[]>): Promise<T[]> {
  return keys.length === 0 ? [] : read(keys)
}
