import { bulkUpdate } from '../../db/bulk-update.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'

/** A player's row as it is, or null: unknown, or of another app. */
export async function findPlayer(db: Db, { appId, playerId }: { appId: AppId; playerId: PlayerId }) {
  const row = await db.selectFrom('users').selectAll().where('user_id', '=', playerId).executeTakeFirst()
  return row && row.app_id === appId ? row : null
}

/** The player behind an identity, or null. */
export async function findPlayerByIdentity(
  db: Db,
  { appId, provider, subject }: { appId: AppId; provider: string; subject: string },
): Promise<Row<'users'> | null> {
  const row = await db
    .selectFrom('identities')
    .innerJoin('users', 'users.user_id', 'identities.user_id')
    .selectAll('users')
    .where('identities.app_id', '=', appId)
    .where('identities.provider', '=', provider)
    .where('identities.subject', '=', subject)
    .executeTakeFirst()
  return row ?? null
}

/** An identity as it is, or null: nobody's, or of a player who is gone. */
export async function findIdentity(
  db: Db,
  { appId, provider, subject }: { appId: AppId; provider: string; subject: string },
): Promise<Row<'identities'> | null> {
  const row = await db
    .selectFrom('identities')
    .innerJoin('users', 'users.user_id', 'identities.user_id')
    .selectAll('identities')
    .where('identities.app_id', '=', appId)
    .where('identities.provider', '=', provider)
    .where('identities.subject', '=', subject)
    .where('users.status', '=', 'active')
    .executeTakeFirst()
  return row ?? null
}

/** Locks players in the order of their numbers, so that two transactions can never wait for each other in a ring. */
export async function selectPlayersForUpdate(tx: Tx, playerIds: readonly PlayerId[]): Promise<Row<'users'>[]> {
  if (playerIds.length === 0) return []
  return await tx
    .selectFrom('users')
    .selectAll()
    .where('user_id', 'in', playerIds)
    .orderBy('user_id')
    .forUpdate()
    .execute()
}

const LOCKED_COLUMNS = [
  'coins',
  'tokens',
  'inbox_coins',
  'inbox_tokens',
  'first_charge_order_id',
  'ledger_seq',
  'chain_hash',
  'event_seq',
  'open_disputes',
  'flagged_at_ms',
] as const

/** Writes back what a transaction changed on the players that it holds, in one statement. */
export async function saveLockedPlayers(tx: Tx, players: readonly Row<'users'>[]): Promise<void> {
  await bulkUpdate(tx, { table: 'users', key: 'user_id', columns: LOCKED_COLUMNS, rows: players })
}

/** Writes how far a player is, and nothing that `saveLockedPlayers` writes. The caller holds the player. */
export async function saveProgress(
  tx: Tx,
  progress: { playerId: PlayerId; levelHundredths: number; vipLevel: number },
): Promise<void> {
  await tx
    .updateTable('users')
    .set({ level_hundredths: progress.levelHundredths, vip_level: progress.vipLevel })
    .where('user_id', '=', progress.playerId)
    .execute()
}

/** Writes since when a player agrees that stores are told of their purchases; null: no longer. The caller holds the player. */
export async function saveConsent(
  tx: Tx,
  { playerId, atMs }: { playerId: PlayerId; atMs: number | null },
): Promise<void> {
  await tx.updateTable('users').set({ purchase_data_consent_at_ms: atMs }).where('user_id', '=', playerId).execute()
}

/** Makes a player and gives the number that the database chose. */
export async function insertPlayer(
  tx: Tx,
  player: {
    appId: AppId
    userName: string
    avatarUrl: string
    chainHash: string
    inviterId: PlayerId | null
    nowMs: number
  },
): Promise<PlayerId> {
  const { insertId } = await tx
    .insertInto('users')
    .values({
      app_id: player.appId,
      status: 'active',
      user_name: player.userName,
      avatar_url: player.avatarUrl,
      level_hundredths: 0,
      vip_level: 0,
      coins: 0,
      tokens: 0,
      inbox_coins: 0,
      inbox_tokens: 0,
      first_charge_order_id: null,
      ledger_seq: 0,
      chain_hash: player.chainHash,
      event_seq: 0,
      inviter_id: player.inviterId,
      created_at_ms: player.nowMs,
    })
    .executeTakeFirstOrThrow()
  return Number(insertId) as PlayerId
}

/** @throws UniqueViolation when the identity belongs to a player already; the transaction is then run again. */
export async function insertIdentity(
  tx: Tx,
  identity: {
    appId: AppId
    provider: string
    subject: string
    playerId: PlayerId
    credentialHash: string | null
    nowMs: number
  },
): Promise<void> {
  await tx
    .insertInto('identities')
    .values({
      app_id: identity.appId,
      provider: identity.provider,
      subject: identity.subject,
      user_id: identity.playerId,
      credential_hash: identity.credentialHash,
      created_at_ms: identity.nowMs,
    })
    .execute()
}

/** The identities of a player, oldest first. A player has few, so that there is no page of them. */
export async function findIdentities(db: Db, { playerId }: { playerId: PlayerId }): Promise<Row<'identities'>[]> {
  return await db
    .selectFrom('identities')
    .selectAll()
    .where('user_id', '=', playerId)
    .orderBy('created_at_ms')
    .orderBy('provider')
    .orderBy('subject')
    .execute()
}

/** Takes an identity from a player. The caller holds the player's row and has seen that there is another. */
export async function deleteIdentity(
  tx: Tx,
  identity: { appId: AppId; provider: string; subject: string; playerId: PlayerId },
): Promise<void> {
  await tx
    .deleteFrom('identities')
    .where('app_id', '=', identity.appId)
    .where('provider', '=', identity.provider)
    .where('subject', '=', identity.subject)
    .where('user_id', '=', identity.playerId)
    .execute()
}
