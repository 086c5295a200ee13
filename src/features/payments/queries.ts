import type { Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { PaymentId } from '../../kernel/ids.ts'

/**
 * Writes the identities that nobody wrote before and locks them all, in the order of their keys: two deliveries of one
 * payment meet here, at the first statement. Gives, for each key, the payment that it names.
 */
export async function ensureAndLockIdentities(
  tx: Tx,
  identities: readonly NewRow<'payment_identities'>[],
): Promise<Map<string, PaymentId>> {
  const sorted = identities.toSorted((a, b) => (a.identity_key < b.identity_key ? -1 : 1))
  await tx
    .insertInto('payment_identities')
    .values(sorted)
    .onDuplicateKeyUpdate((eb) => ({ identity_key: eb.ref('identity_key') }))
    .execute()
  const rows = await tx
    .selectFrom('payment_identities')
    .select(['identity_key', 'payment_id'])
    .where(
      'identity_key',
      'in',
      sorted.map((row) => row.identity_key),
    )
    .orderBy('identity_key')
    .forUpdate()
    .execute()
  return new Map(rows.map((row) => [row.identity_key, row.payment_id]))
}

/** Points an identity to the payment that has adopted it. */
export async function repointIdentity(tx: Tx, to: { key: string; paymentId: PaymentId }): Promise<void> {
  await tx
    .updateTable('payment_identities')
    .set({ payment_id: to.paymentId })
    .where('identity_key', '=', to.key)
    .execute()
}

/** Removes identities that this very transaction wrote for payments that it then did not need. */
export async function deleteIdentities(tx: Tx, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await tx.deleteFrom('payment_identities').where('identity_key', 'in', keys).execute()
}

export async function lockPayments(tx: Tx, paymentIds: readonly PaymentId[]): Promise<Row<'payments'>[]> {
  if (paymentIds.length === 0) return []
  return await tx
    .selectFrom('payments')
    .selectAll()
    .where('payment_id', 'in', [...paymentIds].sort())
    .orderBy('payment_id')
    .forUpdate()
    .execute()
}

export async function selectPaymentLines(tx: Tx, paymentIds: readonly PaymentId[]): Promise<Row<'payment_lines'>[]> {
  if (paymentIds.length === 0) return []
  return await tx.selectFrom('payment_lines').selectAll().where('payment_id', 'in', paymentIds).execute()
}

/** Keeps the transaction id that a payment told late. */
export async function setTransactionId(
  tx: Tx,
  { paymentId, transactionId }: { paymentId: PaymentId; transactionId: string },
): Promise<void> {
  await tx.updateTable('payments').set({ transaction_id: transactionId }).where('payment_id', '=', paymentId).execute()
}

/** A payment that its refund or dispute has come before gets its payer. The caller holds it. */
export async function nameThePayer(
  tx: Tx,
  payment: Pick<Row<'payments'>, 'payment_id' | 'payer_user_id'>,
): Promise<void> {
  await tx
    .updateTable('payments')
    .set({ payer_user_id: payment.payer_user_id })
    .where('payment_id', '=', payment.payment_id)
    .execute()
}

export async function insertPayments(tx: Tx, payments: readonly NewRow<'payments'>[]): Promise<void> {
  if (payments.length > 0) await tx.insertInto('payments').values(payments).execute()
}

export async function insertPaymentLines(tx: Tx, lines: readonly NewRow<'payment_lines'>[]): Promise<void> {
  if (lines.length > 0) await tx.insertInto('payment_lines').values(lines).execute()
}

/** What became of a line that waited for a person. The caller holds its payment. */
export async function saveStanding(tx: Tx, line: Row<'payment_lines'>): Promise<void> {
  await tx
    .updateTable('payment_lines')
    .set({ standing: line.standing, refusal: line.refusal, granted_order_id: line.granted_order_id })
    .where('payment_id', '=', line.payment_id)
    .where('line_no', '=', line.line_no)
    .execute()
}

export async function insertReviewEntries(tx: Tx, entries: readonly NewRow<'review_entries'>[]): Promise<void> {
  if (entries.length > 0) await tx.insertInto('review_entries').values(entries).execute()
}

/** Keeps messages with their raw bodies, as evidence. */
export async function insertPaymentEvents(
  tx: Tx,
  events: readonly { event: NewRow<'payment_events'>; body: Uint8Array }[],
): Promise<void> {
  if (events.length === 0) return
  await tx
    .insertInto('payment_events')
    .values(events.map(({ event }) => event))
    .execute()
  await tx
    .insertInto('payment_event_bodies')
    .values(events.map(({ event, body }) => ({ event_id: event.event_id, body })))
    .execute()
}
