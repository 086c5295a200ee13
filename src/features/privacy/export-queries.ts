import type { Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { PaymentId, PlayerId } from '../../kernel/ids.ts'

/** A page of a player's ledger, oldest first. */
export async function selectLedgerAfter(
  db: Db,
  { playerId, after, limit }: { playerId: PlayerId; after: number; limit: number },
): Promise<Row<'ledger_transactions'>[]> {
  return await db
    .selectFrom('ledger_transactions')
    .selectAll()
    .where('user_id', '=', playerId)
    .where('ledger_seq', '>', after)
    .orderBy('ledger_seq')
    .limit(limit)
    .execute()
}

/** The postings of a stretch of a player's ledger. */
export async function selectPostingsBetween(
  db: Db,
  { playerId, first, last }: { playerId: PlayerId; first: number; last: number },
): Promise<Row<'postings'>[]> {
  return await db
    .selectFrom('postings')
    .selectAll()
    .where('user_id', '=', playerId)
    .where('ledger_seq', '>=', first)
    .where('ledger_seq', '<=', last)
    .orderBy('ledger_seq')
    .orderBy('posting_no')
    .execute()
}

/** A page of a player's messages, oldest first. */
export async function selectMessagesAfter(
  db: Db,
  { playerId, after, limit }: { playerId: PlayerId; after: Row<'inbox_messages'> | null; limit: number },
): Promise<Row<'inbox_messages'>[]> {
  let query = db
    .selectFrom('inbox_messages')
    .selectAll()
    .where('user_id', '=', playerId)
    .orderBy('created_at_ms')
    .orderBy('message_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('created_at_ms', '>=', after.created_at_ms),
        eb.or([eb('created_at_ms', '>', after.created_at_ms), eb('message_id', '>', after.message_id)]),
      ]),
    )
  }
  return await query.execute()
}

/** A page of a player's security events, oldest first. */
export async function selectEventsAfter(
  db: Db,
  { playerId, after, limit }: { playerId: PlayerId; after: Row<'security_events'> | null; limit: number },
): Promise<Row<'security_events'>[]> {
  let query = db
    .selectFrom('security_events')
    .selectAll()
    .where('user_id', '=', playerId)
    .orderBy('at_ms')
    .orderBy('event_id')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('at_ms', '>=', after.at_ms),
        eb.or([eb('at_ms', '>', after.at_ms), eb('event_id', '>', after.event_id)]),
      ]),
    )
  }
  return await query.execute()
}

/** What belongs to some payments: their lines, and what of them waits, or waited, for a person. */
export async function selectPartsOfPayments(
  db: Db,
  paymentIds: readonly PaymentId[],
): Promise<{ lines: Row<'payment_lines'>[]; reviews: Row<'review_entries'>[] }> {
  const [lines, reviews] = [
    await db
      .selectFrom('payment_lines')
      .selectAll()
      .where('payment_id', 'in', paymentIds)
      .orderBy('payment_id')
      .orderBy('line_no')
      .execute(),
    await db
      .selectFrom('review_entries')
      .selectAll()
      .where('payment_id', 'in', paymentIds)
      .orderBy('payment_id')
      .orderBy('line_no')
      .execute(),
  ]
  return { lines, reviews }
}

/** A page of the invitations that a player made or came by, by the number of the invited. */
export async function selectInvitesAfter(
  db: Db,
  { playerId, after, limit }: { playerId: PlayerId; after: number; limit: number },
): Promise<Row<'invite_rewards'>[]> {
  return await db
    .selectFrom('invite_rewards')
    .selectAll()
    .where((eb) => eb.or([eb('inviter_user_id', '=', playerId), eb('invited_user_id', '=', playerId)]))
    .where('invited_user_id', '>', after as PlayerId)
    .orderBy('invited_user_id')
    .limit(limit)
    .execute()
}
