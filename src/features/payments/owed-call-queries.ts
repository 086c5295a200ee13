import { createHash } from 'node:crypto'
import type { MessageSource, OwedCall } from '../../channels/channel.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { newOwedCallId, type PaymentId } from '../../kernel/ids.ts'
import type { PaymentIdentity } from './rules.ts'

export type OwedCallRow = Row<'owed_calls'>

/** A call that is owed, as it is written down. `held`: only once its payment is granted, which a person decides. */
export function owedCallRow(
  owed: OwedCall,
  about: {
    source: Omit<MessageSource, 'evidence'>
    paymentId: PaymentId | null
    state: 'open' | 'held'
    nowMs: number
  },
): OwedCallRow {
  const { source, paymentId, state, nowMs } = about
  const { appId, instance, environment } = source
  const key = JSON.stringify([appId, instance, environment, owed.kind, owed.subject])
  return {
    call_id: newOwedCallId(),
    call_key: createHash('sha256').update(key).digest('hex'),
    ...{ app_id: appId, instance, environment, kind: owed.kind, subject: owed.subject, payment_id: paymentId },
    ...{ details: JSON.stringify(owed.details), state, attempts: 0, next_attempt_at_ms: nowMs, until_ms: owed.untilMs },
    ...{ last_error: null, created_at_ms: nowMs, updated_at_ms: nowMs },
  }
}

/** Writes calls down that are owed; one that is there already stays as it is, but for one that waited for its grant. */
export async function insertOwedCalls(tx: Tx, calls: readonly OwedCallRow[]): Promise<void> {
  if (calls.length === 0) return
  await tx
    .insertInto('owed_calls')
    .values(calls)
    .onDuplicateKeyUpdate((eb) => ({ call_key: eb.ref('call_key') }))
    .execute()
  const granted = calls.flatMap(({ state, payment_id: id }) => (state === 'open' && id !== null ? [id] : []))
  for (const paymentId of new Set(granted)) await openHeldCalls(tx, paymentId)
}

/** What waited for a payment's grant is owed from now on. The caller holds the payment. */
export async function openHeldCalls(tx: Tx, paymentId: PaymentId): Promise<void> {
  await tx
    .updateTable('owed_calls')
    .set({ state: 'open' })
    .where('payment_id', '=', paymentId)
    .where('state', '=', 'held')
    .execute()
}

/** The one line of a purchase that is known by this name, or null. */
export async function findPurchasePaid(db: Db, { key }: PaymentIdentity): Promise<Row<'payment_lines'> | null> {
  const line = await db
    .selectFrom('payment_identities')
    .innerJoin('payment_lines', 'payment_lines.payment_id', 'payment_identities.payment_id')
    .selectAll('payment_lines')
    .where('payment_identities.identity_key', '=', key)
    .orderBy('payment_lines.line_no')
    .limit(1)
    .executeTakeFirst()
  return line ?? null
}

/** The calls that are to be made now, the longest due first. */
export async function selectDueCalls(
  db: Db,
  { nowMs, limit }: { nowMs: number; limit: number },
): Promise<OwedCallRow[]> {
  return await db
    .selectFrom('owed_calls')
    .selectAll()
    .where('state', '=', 'open')
    .where('next_attempt_at_ms', '<=', nowMs)
    .orderBy('next_attempt_at_ms')
    .limit(limit)
    .execute()
}

/** Writes what came of an attempt; false where another process was first. */
export async function changeOwedCall(
  tx: Tx,
  { seen, change }: { seen: OwedCallRow; change: Partial<OwedCallRow> },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('owed_calls')
    .set(change)
    .where('call_id', '=', seen.call_id)
    .where('state', '=', 'open')
    .where('attempts', '=', seen.attempts)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
