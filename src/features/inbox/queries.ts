import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { MessageId, PlayerId } from '../../kernel/ids.ts'

export async function insertMessages(tx: Tx, messages: readonly NewRow<'inbox_messages'>[]): Promise<void> {
  if (messages.length > 0) await tx.insertInto('inbox_messages').values(messages).execute()
}

/** A page of a player's messages, newest first, read by key. */
export async function selectMessages(
  db: Db,
  page: { playerId: PlayerId; limit: number; after: PagePosition | null },
): Promise<Row<'inbox_messages'>[]> {
  const { after } = page
  let query = db
    .selectFrom('inbox_messages')
    .selectAll()
    .where('user_id', '=', page.playerId)
    .orderBy('created_at_ms', 'desc')
    .orderBy('message_id', 'desc')
    .limit(page.limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('created_at_ms', '<=', after.createdAtMs),
        eb.or([eb('created_at_ms', '<', after.createdAtMs), eb('message_id', '<', after.id as MessageId)]),
      ]),
    )
  }
  return await query.execute()
}

/** A player's message, or null: unknown, or another's. The caller holds the player, and with it all its messages. */
export async function findMessage(
  tx: Tx,
  { playerId, messageId }: { playerId: PlayerId; messageId: MessageId },
): Promise<Row<'inbox_messages'> | null> {
  const row = await tx.selectFrom('inbox_messages').selectAll().where('message_id', '=', messageId).executeTakeFirst()
  return row && row.user_id === playerId ? row : null
}

/** A player's oldest messages that can be claimed now. The caller holds the player. */
export async function selectClaimable(
  tx: Tx,
  { playerId, nowMs, limit }: { playerId: PlayerId; nowMs: number; limit: number },
): Promise<Row<'inbox_messages'>[]> {
  return await tx
    .selectFrom('inbox_messages')
    .selectAll()
    .where('user_id', '=', playerId)
    .where('state', '=', 'unclaimed')
    // Left to the reader, expired ones would fill the page and hide what can be claimed.
    .where((eb) => eb.or([eb('expires_at_ms', 'is', null), eb('expires_at_ms', '>', nowMs)]))
    .orderBy('created_at_ms')
    .limit(limit)
    .execute()
}

export async function markClaimed(
  tx: Tx,
  { messageIds, nowMs }: { messageIds: readonly MessageId[]; nowMs: number },
): Promise<void> {
  if (messageIds.length === 0) return
  await tx
    .updateTable('inbox_messages')
    .set({ state: 'claimed', claimed_at_ms: nowMs })
    .where('message_id', 'in', messageIds)
    .execute()
}
