import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'

/** A player by number alone: numbers are given once, whatever the app. */
export async function findAnyPlayer(db: Db, playerId: PlayerId): Promise<Row<'users'> | null> {
  const row = await db.selectFrom('users').selectAll().where('user_id', '=', playerId).executeTakeFirst()
  return row ?? null
}

/** The caller holds the player. */
export async function markErased(tx: Tx, playerId: PlayerId): Promise<void> {
  await tx
    .updateTable('users')
    .set({ status: 'erased', user_name: '', avatar_url: '', purchase_data_consent_at_ms: null })
    .where('user_id', '=', playerId)
    .execute()
  await tx.deleteFrom('identities').where('user_id', '=', playerId).execute()
}

/** Takes away how a player is shown. The caller holds the player. */
export async function blankProfile(tx: Tx, playerId: PlayerId): Promise<void> {
  await tx.updateTable('users').set({ user_name: '', avatar_url: '' }).where('user_id', '=', playerId).execute()
}

/** Takes away where a player wanted to be sent back to: the address is of the client's own writing, query and all. */
export async function blankReturnUrls(tx: Tx, orders: readonly Pick<Row<'orders'>, 'app_id' | 'order_id'>[]) {
  for (const { app_id, order_id } of orders) {
    await tx
      .updateTable('orders')
      .set({ return_url: null })
      .where('app_id', '=', app_id)
      .where('order_id', '=', order_id)
      .execute()
  }
}

const BLANK_EVENT = { address: null, client: '', device_hash: null } as const

/** Blanks where a player's calls came from; what happened and when stays. Gives how many events still said so. */
export async function blankSecurityEvents(tx: Tx, playerId: PlayerId): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('security_events')
    .set(BLANK_EVENT)
    .where('user_id', '=', playerId)
    .where((eb) => eb.or([eb('address', 'is not', null), eb('client', '<>', ''), eb('device_hash', 'is not', null)]))
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

/** The players who were erased since a time, as the trail tells it. */
export async function selectErasedSince(db: Db, sinceMs: number): Promise<PlayerId[]> {
  const rows = await db
    .selectFrom('security_events')
    .select('user_id')
    .distinct()
    .where('at_ms', '>=', sinceMs)
    .where('kind', '=', 'player_erased')
    .where('user_id', 'is not', null)
    .execute()
  return rows.map((row) => row.user_id).filter((playerId) => playerId !== null)
}

/**
 * Removes the answers under a player's own keys that are kept for a time: among them are those that list identities. What
 * moved money is kept for ever, and tells of amounts only.
 */
export async function deletePassingAnswers(tx: Tx, playerId: PlayerId): Promise<void> {
  await tx
    .deleteFrom('idempotency_keys')
    .where('scope', '=', `player:${playerId}`)
    .where('expires_at_ms', 'is not', null)
    .execute()
}

/** Writes a notice if nobody has, and gives the one that stands. */
export async function ensureNotice(tx: Tx, notice: NewRow<'identity_notices'>): Promise<Row<'identity_notices'>> {
  await tx
    .insertInto('identity_notices')
    .values(notice)
    .onDuplicateKeyUpdate((eb) => ({ notice_key: eb.ref('notice_key') }))
    .execute()
  return await tx
    .selectFrom('identity_notices')
    .selectAll()
    .where('notice_key', '=', notice.notice_key)
    .executeTakeFirstOrThrow()
}

/** Marks a notice as acted on, and blanks whom it was about. */
export async function closeNotice(tx: Tx, { noticeKey, nowMs }: { noticeKey: string; nowMs: number }): Promise<void> {
  await tx
    .updateTable('identity_notices')
    .set({ state: 'done', done_at_ms: nowMs, subject: null })
    .where('notice_key', '=', noticeKey)
    .where('state', '=', 'open')
    .execute()
}

/** The notices that wait to be acted on, oldest first, after one that was seen already. */
export async function selectOpenNotices(
  db: Db,
  { after, limit }: { after: Row<'identity_notices'> | null; limit: number },
): Promise<Row<'identity_notices'>[]> {
  let query = db
    .selectFrom('identity_notices')
    .selectAll()
    .where('state', '=', 'open')
    .orderBy('received_at_ms')
    .orderBy('notice_key')
    .limit(limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('received_at_ms', '>=', after.received_at_ms),
        eb.or([eb('received_at_ms', '>', after.received_at_ms), eb('notice_key', '>', after.notice_key)]),
      ]),
    )
  }
  return await query.execute()
}

/** A request for deletion by its code, with how its player stands now; null where there is no such request. */
export async function findDeletion(
  db: Db,
  code: string,
): Promise<(Row<'identity_notices'> & { readonly player_status: Row<'users'>['status'] | null }) | null> {
  const row = await db
    .selectFrom('identity_notices')
    .leftJoin('users', 'users.user_id', 'identity_notices.user_id')
    .selectAll('identity_notices')
    .select('users.status as player_status')
    .where('identity_notices.confirmation_code', '=', code)
    .where('identity_notices.kind', '=', 'forget')
    .executeTakeFirst()
  return row ?? null
}

/** How many rows there are about a player, by what they are. */
export async function countKept(db: Db, { appId, playerId }: { appId: AppId; playerId: PlayerId }) {
  const count = (table: 'identities' | 'orders' | 'inbox_messages' | 'security_events' | 'ledger_transactions') =>
    db
      .selectFrom(table)
      .select((eb) => eb.fn.countAll<number | string>().as('rows'))
      .where('user_id', '=', playerId)
      .where('app_id', '=', appId)
      .executeTakeFirstOrThrow()
      .then(({ rows }) => Number(rows))
  return {
    identities: await count('identities'),
    securityEvents: await count('security_events'),
    orders: await count('orders'),
    ledgerTransactions: await count('ledger_transactions'),
    messages: await count('inbox_messages'),
  }
}
