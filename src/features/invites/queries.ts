import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'

/** Writes what first grants made due: no statement where there is none. */
export async function insertInviteRewards(tx: Tx, rewards: readonly NewRow<'invite_rewards'>[]): Promise<void> {
  if (rewards.length > 0) await tx.insertInto('invite_rewards').values(rewards).execute()
}

/** Where a walk over the due rewards stands. */
export type DueReward = Pick<Row<'invite_rewards'>, 'invited_user_id' | 'inviter_user_id' | 'due_at_ms'>

/** Rewards of these apps that are due, the longest due first, after one that was seen already. */
export async function selectDueRewards(
  db: Db,
  page: { appIds: readonly AppId[]; after: DueReward | null; limit: number },
): Promise<DueReward[]> {
  const { after } = page
  let query = db
    .selectFrom('invite_rewards')
    .select(['invited_user_id', 'inviter_user_id', 'due_at_ms'])
    .where('state', '=', 'due')
    .where('app_id', 'in', page.appIds)
    .orderBy('due_at_ms')
    .orderBy('invited_user_id')
    .limit(page.limit)
  if (after) {
    query = query.where((eb) =>
      eb.and([
        eb('due_at_ms', '>=', after.due_at_ms),
        eb.or([eb('due_at_ms', '>', after.due_at_ms), eb('invited_user_id', '>', after.invited_user_id)]),
      ]),
    )
  }
  return await query.execute()
}

/** The reward of an invited player. It changes only under that player's lock, which the caller holds. */
export async function findInviteReward(
  tx: Tx,
  { invitedId }: { invitedId: PlayerId },
): Promise<Row<'invite_rewards'> | null> {
  const row = await tx
    .selectFrom('invite_rewards')
    .selectAll()
    .where('invited_user_id', '=', invitedId)
    .executeTakeFirst()
  return row ?? null
}

/** How many invitations a player was rewarded for, read from the index alone. The caller holds the player. */
export async function countInviterRewards(tx: Tx, { inviterId }: { inviterId: PlayerId }): Promise<number> {
  const { given } = await tx
    .selectFrom('invite_rewards')
    .select((eb) => eb.fn.countAll().as('given'))
    .where('inviter_user_id', '=', inviterId)
    .where('inviter_message_id', 'is not', null)
    .executeTakeFirstOrThrow()
  return Number(given)
}

/** Closes a reward that is due. */
export async function settleInviteReward(
  tx: Tx,
  settled: Pick<Row<'invite_rewards'>, 'invited_user_id' | 'inviter_message_id' | 'invited_message_id'> & {
    nowMs: number
  },
): Promise<void> {
  const { inviter_message_id, invited_message_id } = settled
  const state = inviter_message_id === null && invited_message_id === null ? 'void' : 'given'
  const { numUpdatedRows } = await tx
    .updateTable('invite_rewards')
    .set({ state, inviter_message_id, invited_message_id, settled_at_ms: settled.nowMs })
    .where('invited_user_id', '=', settled.invited_user_id)
    .where('state', '=', 'due')
    .executeTakeFirst()
  invariant(numUpdatedRows === 1n, `the reward of inviting player ${settled.invited_user_id} is closed once`)
}
