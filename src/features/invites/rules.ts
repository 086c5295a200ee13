import type { NewRow, OrderStatus } from '../../db/schema.ts'
import type { OrderId, PlayerId } from '../../kernel/ids.ts'
import type { InviteTerms } from '../apps/index.ts'
import type { LockedPlayer } from '../players/index.ts'
import { inboxAccount, type Posting, wouldOverflow } from '../wallet/index.ts'

/** What one of the two gets: at least one coin or token. */
export interface InviteReward {
  readonly coins: number
  readonly tokens: number
}

/** The two whom an invitation rewards. */
export const INVITE_ROLES = ['inviter', 'invited'] as const
export type InviteRole = (typeof INVITE_ROLES)[number]

/**
 * The reward that a player's first grant makes due, or null when nobody has invited the player. The caller holds the
 * player, and the row is written with the grant: one for each invited player, whatever comes later.
 */
export function dueInviteReward(
  player: Pick<LockedPlayer, 'user_id' | 'app_id' | 'inviter_id'>,
  { orderId, nowMs }: { orderId: OrderId; nowMs: number },
): NewRow<'invite_rewards'> | null {
  if (player.inviter_id === null) return null
  return {
    invited_user_id: player.user_id,
    inviter_user_id: player.inviter_id,
    app_id: player.app_id,
    order_id: orderId,
    state: 'due',
    inviter_message_id: null,
    invited_message_id: null,
    due_at_ms: nowMs,
    settled_at_ms: null,
  }
}

type Party = Pick<LockedPlayer, 'status' | 'coins' | 'tokens' | 'inbox_coins' | 'inbox_tokens'>

/** What is known of an invitation whose reward is due, under the locks of both players. */
export interface InviteFacts {
  readonly terms: InviteTerms
  /** How the order that made it due stands now. */
  readonly orderStatus: OrderStatus
  readonly inviter: Party
  readonly invited: Party
  /** How many invitations the inviter was rewarded for already. */
  readonly inviterRewards: number
}

/** `wait`: while that order is disputed nothing of it is given. Null beside a role: that one gets nothing. */
export type InviteDecision = 'wait' | Readonly<Record<InviteRole, InviteReward | null>>

/**
 * Decides what an invitation brings to each of the two. What one of them may not get (erased, rewarded often enough, or
 * more than can be counted) keeps nothing from the other. An order that was refunded before brings nothing; once the
 * reward is given it stays, whatever becomes of the order.
 */
export function decideInvite(facts: InviteFacts): InviteDecision {
  const { terms, orderStatus, inviter, invited } = facts
  if (orderStatus === 'disputed') return 'wait'
  if (orderStatus !== 'completed') return { inviter: null, invited: null }
  return {
    inviter: facts.inviterRewards < terms.rewardsMax ? rewardFor(inviter, terms.inviter) : null,
    invited: rewardFor(invited, terms.invited),
  }
}

function rewardFor(player: Party, reward: InviteReward): InviteReward | null {
  const isNothing = reward.coins === 0 && reward.tokens === 0
  return isNothing || player.status !== 'active' || wouldOverflow(player, reward) ? null : reward
}

/** Names a reward for ever: the ledger takes one of each name, so that neither of the two is rewarded twice. */
export function inviteSourceId(invitedId: PlayerId, role: InviteRole): string {
  return `${invitedId}:${role}`
}

/** What the house gives waits in the inbox until it is claimed. */
export function invitePostings(playerId: PlayerId, reward: InviteReward): Posting[] {
  const between = { from: 'bonus' as const, to: inboxAccount(playerId) }
  const postings: Posting[] = [
    { ...between, currency: 'coins', amount: reward.coins },
    { ...between, currency: 'tokens', amount: reward.tokens },
  ]
  return postings.filter((posting) => posting.amount > 0)
}
