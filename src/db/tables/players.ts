import type { Generated } from 'kysely'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'

export type PlayerStatus = 'active' | 'erased'

/** One player of one app, with everything that is locked together: balances, both sequences and the chain's head. */
export interface UsersTable {
  user_id: Generated<PlayerId>
  app_id: AppId
  status: PlayerStatus
  user_name: string
  avatar_url: string
  /** Level in whole hundredths: 99.99 is 9999. */
  level_hundredths: number
  vip_level: number
  /** Wallet balances; below zero after a refund of what was spent. */
  coins: number
  tokens: number
  /** The inbox account's balances: rewards owed and not yet claimed. */
  inbox_coins: number
  inbox_tokens: number
  /** The order that spent the first charge; null while the next payment is a first charge. */
  first_charge_order_id: OrderId | null
  /** The last ledger transaction: its number and its hash. */
  ledger_seq: number
  chain_hash: string
  event_seq: number
  /** The last daily gift: how many days in a row it made, its local date, and the time zone that the date is of. */
  gift_streak: Generated<number>
  gift_date: string | null
  gift_zone: string | null
  gift_at_ms: number | null
  /** Who has invited this player, written once, when the player is made. */
  inviter_id: PlayerId | null
  /** How many disputes of this player's payments are open: while there is one, nothing new is sold. */
  open_disputes: Generated<number>
  /** When a refund first took what was spent already; it only informs. */
  flagged_at_ms: number | null
  /** Since when this player agrees that a store is told how their purchases were used; null: they do not. */
  purchase_data_consent_at_ms: number | null
  created_at_ms: number
}

/** One way a player proves who they are. */
export interface IdentitiesTable {
  app_id: AppId
  provider: string
  subject: string
  user_id: PlayerId
  created_at_ms: number
  /** SHA-256 of the credential that proves it, where we gave one; null where somebody else proves it. */
  credential_hash: string | null
}
