import { createHash } from 'node:crypto'
import type { Row } from '../../db/schema.ts'
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes.ts'
import { newSecurityEventId } from '../../kernel/ids.ts'
import { unreachable } from '../../kernel/invariant.ts'
import { type AnomalyKind, isOfChannel, type SecurityEvent } from '../../kernel/security-event.ts'

const CLIENT_LENGTH_MAX = 120
const TEXT_LENGTH_MAX = 64

/** An event as it is kept. What a device calls itself is kept as a hash: enough to see that it is the same one again. */
export function securityEventRow(event: SecurityEvent, nowMs: number): Row<'security_events'> {
  const { origin } = event
  return {
    event_id: newSecurityEventId(),
    app_id: event.appId,
    user_id: event.playerId,
    kind: event.kind,
    provider: event.provider,
    outcome: event.outcome,
    address: origin?.address.slice(0, TEXT_LENGTH_MAX) ?? null,
    client: printable(origin?.userAgent ?? ''),
    device_hash: origin?.deviceId == null ? null : hashOfDevice(event.appId, origin.deviceId),
    request_id: origin?.requestId.slice(0, TEXT_LENGTH_MAX) ?? '',
    at_ms: nowMs,
  }
}

function hashOfDevice(appId: string, deviceId: string): string {
  return createHash('sha256').update(`${appId}\n${deviceId}`).digest('hex')
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, CLIENT_LENGTH_MAX)
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/**
 * How many of a kind, within how long, still look like people. The windows stand still: what falls half into one and half
 * into the next may be missed, and whoever goes on is found in the next.
 */
export const ANOMALIES: Readonly<Record<AnomalyKind, { readonly windowMs: number; readonly above: number }>> = {
  // Behind one address live families, dormitories, a carrier's customers; twenty who begin one game within an hour do not.
  accounts_of_address: { windowMs: HOUR_MS, above: 20 },
  // A family's tablet has a few players. A farm of accounts has one device for many.
  accounts_of_device: { windowMs: 24 * HOUR_MS, above: 5 },
  // Mistyped codes come one by one. A hundred in a minute are a list of stolen logins, or a platform's keys that we cannot read.
  failed_logins_of_app: { windowMs: MINUTE_MS, above: 100 },
  // Nobody mistypes this often; the limit of logins alone would let hundreds through in this time.
  failed_logins_of_address: { windowMs: 10 * MINUTE_MS, above: 20 },
  // At home, on the road, through a VPN: three. Six at once are several people with one account, or somebody who sells it.
  addresses_of_player: { windowMs: 10 * MINUTE_MS, above: 5 },
  // A token that was stolen, or a client that keeps its tokens badly: each is worth a look.
  token_reused: { windowMs: HOUR_MS, above: 0 },
}

/** One event as it counts towards an anomaly. */
export interface Sign {
  readonly kind: AnomalyKind
  /** Under which it is counted: whose it is, and in which window. */
  readonly key: string
  /** Counted once each; null where every event counts. */
  readonly distinct: string | null
  readonly event: Row<'security_events'>
}

/** What an event counts towards. */
export function signsOf(event: Row<'security_events'>): Sign[] {
  const { app_id, user_id, kind, address, device_hash } = event
  const sign = (of: AnomalyKind, whose: string, distinct: string | null = null): Sign => {
    const window = Math.floor(event.at_ms / ANOMALIES[of].windowMs)
    return { kind: of, key: `anomaly:${of}:${window}:${app_id}:${whose}`, distinct, event }
  }
  switch (kind) {
    case 'player_created':
      return [
        ...(address === null ? [] : [sign('accounts_of_address', address)]),
        ...(device_hash === null ? [] : [sign('accounts_of_device', device_hash)]),
      ]
    case 'login_failed':
    case 'login_locked':
    case 'link_failed':
      if (isOurFault(event.outcome)) return []
      return [
        sign('failed_logins_of_app', ''),
        // Behind a platform's page are all of its players.
        ...(address === null || isOfChannel(address) ? [] : [sign('failed_logins_of_address', address)]),
      ]
    case 'login':
      return user_id === null || address === null || isOfChannel(address)
        ? []
        : [sign('addresses_of_player', String(user_id), address)]
    case 'token_reused':
      return [sign('token_reused', String(user_id ?? address))]
    default:
      return []
  }
}

/** A platform or a store that is out of reach fails everybody's logins and is nobody's attempt. */
function isOurFault(outcome: string | null): boolean {
  return outcome !== null && Object.hasOwn(ERROR_CODES, outcome) && ERROR_CODES[outcome as ErrorCode].status >= 500
}

/** Something that looks like abuse. */
export interface Anomaly {
  readonly kind: AnomalyKind
  /** The event with which it was noticed. */
  readonly event: Row<'security_events'>
  /** How many there were by then. */
  readonly count: number
}

/**
 * What the operator is told: whose it is, and no more. An address is named where it is the subject, since it is what a
 * firewall needs; a player by number, a device by a part of its hash.
 */
export function anomalyWords({ kind, event, count }: Anomaly): Record<string, string | number> {
  const words = { anomaly: kind, app_id: event.app_id, count }
  switch (kind) {
    case 'accounts_of_address':
    case 'failed_logins_of_address':
      return { ...words, address: event.address ?? '' }
    case 'accounts_of_device':
      return { ...words, device: event.device_hash?.slice(0, 12) ?? '' }
    case 'addresses_of_player':
    case 'token_reused':
      return { ...words, player: event.user_id ?? 0 }
    case 'failed_logins_of_app':
      return words
    default:
      return unreachable(kind, 'kind of anomaly')
  }
}
