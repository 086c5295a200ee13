import type { MessageState, NewRow, Row } from '../../db/schema.ts'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import { type AppId, newMessageId, type PlayerId } from '../../kernel/ids.ts'

/** The message that holds what an order owes beside its coins, or null when it owes nothing more. */
export function rewardMessage(order: Row<'orders'>, nowMs: number): NewRow<'inbox_messages'> | null {
  if (order.tokens === 0 && order.act_items === '[]') return null
  return {
    message_id: newMessageId(),
    app_id: order.app_id,
    user_id: order.user_id,
    kind: 'order_reward',
    reward_order_id: order.order_id,
    title_en: order.item_name_en ?? '',
    title_zh: order.item_name_zh ?? '',
    coins: 0,
    tokens: order.tokens,
    tokens_taken: 0,
    act_items: order.act_items,
    state: 'unclaimed',
    created_at_ms: nowMs,
    // What was paid for never expires.
    expires_at_ms: null,
    claimed_at_ms: null,
  }
}

/** What of a message's tokens is still there: partial refunds may have taken some while it waited. */
export function tokensLeft(message: { tokens: number; tokens_taken: number }): number {
  return message.tokens - message.tokens_taken
}

/** The message that holds what an invitation brought to one of its two players. */
export function inviteMessage(
  player: { app_id: AppId; user_id: PlayerId },
  { reward, nowMs }: { reward: { readonly coins: number; readonly tokens: number }; nowMs: number },
): NewRow<'inbox_messages'> {
  return {
    message_id: newMessageId(),
    app_id: player.app_id,
    user_id: player.user_id,
    kind: 'invite_reward',
    reward_order_id: null,
    title_en: 'Invitation reward',
    title_zh: '邀请奖励',
    coins: reward.coins,
    tokens: reward.tokens,
    act_items: '[]',
    state: 'unclaimed',
    created_at_ms: nowMs,
    expires_at_ms: null,
    claimed_at_ms: null,
  }
}

/** Why a message cannot be claimed now, or null when it can. */
export function refuseClaim(
  message: { state: MessageState; expires_at_ms: number | null },
  nowMs: number,
): ErrorCode | null {
  switch (message.state) {
    case 'claimed':
      return 'already_claimed'
    case 'withdrawn':
      return 'message_withdrawn'
    case 'expired':
      return 'message_expired'
    case 'unclaimed':
      return message.expires_at_ms !== null && message.expires_at_ms <= nowMs ? 'message_expired' : null
  }
}
