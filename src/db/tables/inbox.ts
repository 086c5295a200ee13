import type { Generated } from 'kysely'
import type { AppId, MessageId, OrderId, PlayerId } from '../../kernel/ids.ts'

export type MessageState = 'unclaimed' | 'claimed' | 'withdrawn' | 'expired'

export interface InboxMessagesTable {
  message_id: MessageId
  app_id: AppId
  user_id: PlayerId
  kind: string
  /** The order whose reward this is; unique, so that an order can never be rewarded twice. */
  reward_order_id: OrderId | null
  title_en: string
  title_zh: string
  coins: number
  tokens: number
  /** How many of them partial refunds have taken while they waited: a claim gives the rest. */
  tokens_taken: Generated<number>
  act_items: string
  state: MessageState
  created_at_ms: number
  expires_at_ms: number | null
  claimed_at_ms: number | null
}
