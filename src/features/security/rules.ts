import { createHash } from 'node:crypto'
import type { NewRow } from '../../db/schema.ts'
import { newSecurityEventId } from '../../kernel/ids.ts'
import type { SecurityEvent } from '../../kernel/security-event.ts'

const CLIENT_LENGTH_MAX = 120
const TEXT_LENGTH_MAX = 64

/** An event as it is kept. What a device calls itself is kept as a hash: enough to see that it is the same one again. */
export function securityEventRow(event: SecurityEvent, nowMs: number): NewRow<'security_events'> {
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

export function hashOfDevice(appId: string, deviceId: string): string {
  return createHash('sha256').update(`${appId}\n${deviceId}`).digest('hex')
}

function printable(text: string): string {
  return text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, CLIENT_LENGTH_MAX)
}
