import { bulkUpdate } from '../../db/bulk-update.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, PlayerStatus, Row } from '../../db/schema.ts'
import type { AppId, OrderId, PaymentEventId, PaymentId, PlayerId } from '../../kernel/ids.ts'
import { withoutPersonalHeaders } from './payment-event.ts'

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

/** A line of a known payment, with how its payer stands now; null where the payment names no player of its app. */
export type PayersLine = Row<'payment_lines'> & { readonly payer_status: PlayerStatus | null }

/**
 * The lines of payments that this transaction holds. A replay locks no player, so its payer's standing is read here:
 * whoever is erased has each of their payments locked after it, and finds what a replay wrote that came before.
 */
export async function selectPaymentLines(tx: Tx, paymentIds: readonly PaymentId[]): Promise<PayersLine[]> {
  if (paymentIds.length === 0) return []
  return await tx
    .selectFrom('payment_lines')
    .innerJoin('payments', 'payments.payment_id', 'payment_lines.payment_id')
    .leftJoin('users', (join) =>
      join
        .on((eb) => eb('users.user_id', '=', eb.ref('payments.payer_user_id').$castTo<PlayerId>()))
        .onRef('users.app_id', '=', 'payments.app_id'),
    )
    .selectAll('payment_lines')
    .select('users.status as payer_status')
    .where('payment_lines.payment_id', 'in', paymentIds)
    .execute()
}

/** Those of some players who were erased, each with their app. */
export async function selectErased(
  db: Db,
  playerIds: readonly PlayerId[],
): Promise<Pick<Row<'users'>, 'user_id' | 'app_id'>[]> {
  if (playerIds.length === 0) return []
  return await db
    .selectFrom('users')
    .select(['user_id', 'app_id'])
    .where('user_id', 'in', playerIds)
    .where('status', '=', 'erased')
    .execute()
}

/** Which lines of these payments were refused for good, so that their platforms give the money back. */
export async function selectReturnedLines(
  tx: Tx,
  paymentIds: readonly PaymentId[],
): Promise<Map<PaymentId, Set<number>>> {
  const returned = new Map<PaymentId, Set<number>>()
  if (paymentIds.length === 0) return returned
  const rows = await tx
    .selectFrom('review_entries')
    .select(['payment_id', 'line_no'])
    .where('payment_id', 'in', paymentIds)
    .where('state', '=', 'returned')
    .execute()
  for (const { payment_id: id, line_no: lineNo } of rows) returned.set(id, (returned.get(id) ?? new Set()).add(lineNo))
  return returned
}

/** The payment that an order was granted for; null also where another channel has told of that one. */
export async function findGrantedPaymentId(
  tx: Tx,
  wanted: Pick<Row<'payments'>, 'instance' | 'environment'> & { appId: AppId; orderId?: OrderId },
): Promise<PaymentId | null> {
  const { appId, orderId, instance, environment } = wanted
  if (orderId === undefined) return null
  const found = await tx
    .selectFrom('orders as o')
    .innerJoin('payments as p', 'p.payment_id', 'o.granted_payment_id')
    .select('p.payment_id')
    .where('o.app_id', '=', appId)
    .where('o.order_id', '=', orderId)
    .where('p.app_id', '=', appId)
    .where('p.instance', '=', instance)
    .where('p.environment', '=', environment)
    .executeTakeFirst()
  return found?.payment_id ?? null
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
  payment: Pick<Row<'payments'>, 'payment_id' | 'payer_user_id' | 'charged_minor' | 'tax_minor' | 'discount_minor'>,
): Promise<void> {
  const { payer_user_id, charged_minor, tax_minor, discount_minor } = payment
  await tx
    .updateTable('payments')
    .set({ payer_user_id, charged_minor, tax_minor, discount_minor })
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

/** A kept message with its raw body; null where there is none of that id. */
export async function findPaymentEvent(
  db: Db,
  eventId: PaymentEventId,
): Promise<{ event: Row<'payment_events'>; body: Uint8Array | null } | null> {
  const event = await db.selectFrom('payment_events').selectAll().where('event_id', '=', eventId).executeTakeFirst()
  if (!event) return null
  const kept = await db
    .selectFrom('payment_event_bodies')
    .select('body')
    .where('event_id', '=', eventId)
    .executeTakeFirst()
  return { event, body: kept?.body ?? null }
}

/** Keeps messages with their raw bodies, as evidence; one that is kept under its id already stays as it is. */
export async function insertPaymentEvents(
  tx: Tx,
  events: readonly { event: NewRow<'payment_events'>; body: Uint8Array }[],
): Promise<void> {
  if (events.length === 0) return
  await tx
    .insertInto('payment_events')
    .values(events.map(({ event }) => event))
    .onDuplicateKeyUpdate((eb) => ({ event_id: eb.ref('event_id') }))
    .execute()
  await tx
    .insertInto('payment_event_bodies')
    .values(events.map(({ event, body }) => ({ event_id: event.event_id, body })))
    .onDuplicateKeyUpdate((eb) => ({ event_id: eb.ref('event_id') }))
    .execute()
}

/** Blanks what kept messages say of a person: bodies and personal headers. Verdicts and hashes stay. */
export async function blankPaymentEvents(
  tx: Tx,
  events: readonly Pick<Row<'payment_events'>, 'event_id' | 'headers'>[],
): Promise<void> {
  if (events.length === 0) return
  await tx
    .updateTable('payment_event_bodies')
    .set({ body: Buffer.alloc(0) })
    .where(
      'event_id',
      'in',
      events.map((event) => event.event_id),
    )
    .execute()
  const rows = events.map(({ event_id, headers }) => ({ event_id, headers: withoutPersonalHeaders(headers) }))
  await bulkUpdate(tx, { table: 'payment_events', key: 'event_id', columns: ['headers'], rows })
}
