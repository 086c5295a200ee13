import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { PagePosition } from '../../kernel/cursor.ts'
import type { AppId, MessageId, OrderId, PlayerId } from '../../kernel/ids.ts'

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
    // What is disputed waits for its decision.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('orders')
            .select('orders.order_id')
            .whereRef('orders.app_id', '=', 'inbox_messages.app_id')
            .whereRef('orders.order_id', '=', 'inbox_messages.reward_order_id')
            .where('orders.status', '=', 'disputed'),
        ),
      ),
    )
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

/** Whether the payment of a reward is disputed. Every change of its order's state is made under the player's lock, which the caller holds. */
export async function isDisputed(
  tx: Tx,
  message: Pick<Row<'inbox_messages'>, 'app_id' | 'reward_order_id'>,
): Promise<boolean> {
  if (message.reward_order_id === null) return false
  const order = await tx
    .selectFrom('orders')
    .select('status')
    .where('app_id', '=', message.app_id)
    .where('order_id', '=', message.reward_order_id)
    .executeTakeFirst()
  return order?.status === 'disputed'
}

/** The reward messages of orders. Whoever changes them holds their players, and with them all their messages. */
export async function selectRewardMessages(
  db: Db,
  { appId, orderIds }: { appId: AppId; orderIds: readonly OrderId[] },
): Promise<Row<'inbox_messages'>[]> {
  if (orderIds.length === 0) return []
  return await db
    .selectFrom('inbox_messages')
    .selectAll()
    .where('app_id', '=', appId)
    .where('reward_order_id', 'in', orderIds)
    .execute()
}

/** Writes what reversals changed on a reward's message. The caller holds its player. */
export async function saveRewardMessage(
  tx: Tx,
  message: Pick<Row<'inbox_messages'>, 'message_id' | 'state' | 'tokens_taken'>,
): Promise<void> {
  await tx
    .updateTable('inbox_messages')
    .set({ state: message.state, tokens_taken: message.tokens_taken })
    .where('message_id', '=', message.message_id)
    .execute()
}
