import type { ErrorCode } from './error-codes.ts'
import type { AppId, PlayerId } from './ids.ts'

/** What is written in the trail of security events. A name is added to, never given another meaning. */
export type SecurityEventKind =
  | 'player_created'
  | 'login'
  | 'login_failed'
  | 'login_locked'
  | 'linked'
  | 'unlinked'
  | 'link_failed'
  | 'code_sent'
  | 'logged_out'
  | 'session_revoked'
  | 'sessions_revoked'
  | 'token_reused'
  | 'handover_issued'
  | 'handover_redeemed'
  | 'handover_refused'
  | 'store_code_issued'
  | 'server_token_refused'
  | 'notice_received'
  | 'player_exported'
  | 'player_erased'

/** Where a call came from, as far as its caller can be believed: the address is measured, the rest is only said. */
export interface Origin {
  /** As limits count it: an IPv4 address, or the /64 of an IPv6 address. */
  readonly address: string
  readonly userAgent: string | undefined
  /** The header `X-Device-Id`, where a client sends one. */
  readonly deviceId: string | null
  readonly requestId: string
}

const CHANNEL_ADDRESS = 'channel:'

/** Of a login on a page of a payment platform: its server calls for everybody, so that no address is the player's. */
export function originOfChannel({ instance, requestId }: { instance: string; requestId: string }): Origin {
  return { address: `${CHANNEL_ADDRESS}${instance}`, userAgent: undefined, deviceId: null, requestId }
}

/** Whether anybody may have come from there. */
export function isOfChannel(address: string): boolean {
  return address.startsWith(CHANNEL_ADDRESS)
}

/** One thing that happened around a login or a session. */
export interface SecurityEvent {
  readonly kind: SecurityEventKind
  readonly appId: AppId
  readonly playerId: PlayerId | null
  /** The way to log in that it is about. */
  readonly provider: string | null
  /** What it was refused with; null when it went well. */
  readonly outcome: ErrorCode | null
  /** Null for what no call has caused: a command, a job. */
  readonly origin: Origin | null
}

/** Notes an event, at once and without waiting: it is written later, in a batch. */
export type RecordSecurityEvent = (event: SecurityEvent) => void

/** What looks like abuse once it is counted: names of metrics and alerts, never given another meaning. */
export const ANOMALY_KINDS = [
  'accounts_of_address',
  'accounts_of_device',
  'failed_logins_of_app',
  'failed_logins_of_address',
  'addresses_of_player',
  'token_reused',
] as const

export type AnomalyKind = (typeof ANOMALY_KINDS)[number]
