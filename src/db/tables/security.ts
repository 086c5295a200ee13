import type { AppId, MessageId, OrderId, PlayerId, SecurityEventId } from '../../kernel/ids.ts'
import type { SecurityEventKind } from '../../kernel/security-event.ts'

/** What happened around logins and sessions, kept for a time: who looks after a player's account reads it. */
export interface SecurityEventsTable {
  event_id: SecurityEventId
  app_id: AppId
  user_id: PlayerId | null
  kind: SecurityEventKind
  /** The way to log in that it was about. */
  provider: string | null
  /** The error code that it was refused with; null when it went well. */
  outcome: string | null
  /** As limits count it: an IPv4 address, or the /64 of an IPv6 address. */
  address: string | null
  client: string
  /** SHA-256 of what the device calls itself, under its app. */
  device_hash: string | null
  request_id: string
  at_ms: number
}

/** A key that signs access tokens, made by `npm run keys`. */
export interface SigningKeysTable {
  kid: string
  alg: string
  /** The private key, encrypted under JWT_SECRET. */
  sealed_key: string
  created_at_ms: number
  /** From when it signs: later than it was made, so that every process knows it before it meets a token by it. */
  signs_from_ms: number
  revoked_at_ms: number | null
}

export type NoticeState = 'open' | 'done'

/** What a platform of logins told us of one of its users: acted on once, however often it is told. */
export interface IdentityNoticesTable {
  /** SHA-256 of what makes it the same notice again. */
  notice_key: string
  app_id: AppId
  provider: string
  kind: string
  /** Blank once it is done. */
  subject: string | null
  user_id: PlayerId | null
  /** Under which its user may ask how it stands. */
  confirmation_code: string
  state: NoticeState
  received_at_ms: number
  done_at_ms: number | null
}

export type InviteRewardState = 'due' | 'given' | 'void'

/** The reward of an invitation, owed from the invited player's first completed order on; one for each invited player. */
export interface InviteRewardsTable {
  invited_user_id: PlayerId
  inviter_user_id: PlayerId
  app_id: AppId
  order_id: OrderId
  /** `due` until it is settled; `given` when at least one of the two got something, else `void`. */
  state: InviteRewardState
  /** What each of the two got, by the message that holds it; null: nothing. */
  inviter_message_id: MessageId | null
  invited_message_id: MessageId | null
  due_at_ms: number
  settled_at_ms: number | null
}
