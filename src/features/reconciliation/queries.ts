import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, PaymentId } from '../../kernel/ids.ts'

export type PollPosition = Row<'poll_positions'>

/** Begins a position where there is none, and gives the one that stands. */
export async function ensurePosition(tx: Tx, begin: PollPosition): Promise<PollPosition> {
  await tx
    .insertInto('poll_positions')
    .values(begin)
    .onDuplicateKeyUpdate((eb) => ({ instance: eb.ref('instance') }))
    .execute()
  return await tx
    .selectFrom('poll_positions')
    .selectAll()
    .where('instance', '=', begin.instance)
    .executeTakeFirstOrThrow()
}

export async function findPosition(db: Db, instance: string): Promise<PollPosition | null> {
  const row = await db.selectFrom('poll_positions').selectAll().where('instance', '=', instance).executeTakeFirst()
  return row ?? null
}

/** Changes a position as it was seen; false where another process was first. */
export async function changePosition(
  tx: Tx,
  { seen, change }: { seen: PollPosition; change: Omit<PollPosition, 'instance'> },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('poll_positions')
    .set(change)
    .where('instance', '=', seen.instance)
    .where('read_until_ms', '=', seen.read_until_ms)
    .where('next_poll_at_ms', '=', seen.next_poll_at_ms)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** What of the books belongs to a channel and a span of time. */
export interface BooksSpan {
  readonly appId: AppId
  readonly instance: string
  readonly fromMs: number
  readonly untilMs: number
}

/** Where a page ended. */
export interface BooksPlace {
  readonly atMs: number
  readonly id: string
}

/** A page of the payments that were first told in a span of time, the oldest first; without what was only given back. */
export async function selectPaymentsTold(
  db: Db,
  { span, after, limit }: { span: BooksSpan; after: BooksPlace | null; limit: number },
): Promise<Pick<Row<'payments'>, 'payment_id' | 'created_at_ms'>[]> {
  let query = db
    .selectFrom('payments as p')
    .select(['p.payment_id', 'p.created_at_ms'])
    .where('p.created_at_ms', '>=', after?.atMs ?? span.fromMs)
    .where('p.created_at_ms', '<', span.untilMs)
    .where('p.app_id', '=', span.appId)
    .where('p.instance', '=', span.instance)
    .where((eb) =>
      eb.exists(eb.selectFrom('payment_lines as l').select('l.line_no').whereRef('l.payment_id', '=', 'p.payment_id')),
    )
    .orderBy('p.created_at_ms')
    .orderBy('p.payment_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.or([eb('p.created_at_ms', '>', after.atMs), eb('p.payment_id', '>', after.id as PaymentId)]),
    )
  }
  return await query.execute()
}

export type BackRow = Row<'payment_reversals'>

/** A page of the refunds and disputes that happened in a span of time by the platform's clock, by their payments. */
export async function selectReversalsTold(
  db: Db,
  { span, after, limit }: { span: BooksSpan; after: BooksPlace | null; limit: number },
): Promise<BackRow[]> {
  let query = db
    .selectFrom('payment_reversals as r')
    .innerJoin('payments as p', 'p.payment_id', 'r.payment_id')
    .selectAll('r')
    .where('r.occurred_at_ms', '>=', after?.atMs ?? span.fromMs)
    .where('r.occurred_at_ms', '<', span.untilMs)
    .where('p.app_id', '=', span.appId)
    .where('p.instance', '=', span.instance)
    .orderBy('r.occurred_at_ms')
    .orderBy('r.payment_id')
    .orderBy('r.cause')
    .orderBy('r.cause_id')
    .limit(limit)
  if (after) {
    // All of one payment and moment come on one page, unless they alone are more than a page.
    query = query.where((eb) =>
      eb.or([eb('r.occurred_at_ms', '>', after.atMs), eb('r.payment_id', '>', after.id as PaymentId)]),
    )
  }
  return await query.execute()
}
