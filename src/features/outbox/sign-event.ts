import { createHmac } from 'node:crypto'
import type { Row } from '../../db/schema.ts'
import { isoTime } from '../../kernel/clock.ts'

/** An event as it goes out: Standard Webhooks, https://www.standardwebhooks.com. */
export interface SignedEvent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** The bytes behind `whsec_`, which are the key. */
export function signingKey(secret: string): Buffer {
  return Buffer.from(secret.slice('whsec_'.length), 'base64')
}

/**
 * Makes one attempt's message: the id is the event's for ever, the time is the attempt's, and each key signs, so that
 * the receiver may exchange them one after the other.
 */
export function signEvent(
  event: Pick<Row<'outbox_events'>, 'event_id' | 'event_seq' | 'app_id' | 'type' | 'payload' | 'created_at_ms'>,
  { keys, nowMs }: { keys: readonly Buffer[]; nowMs: number },
): SignedEvent {
  const { event_id: id, event_seq, app_id, type } = event
  const data = { app_id, event_seq, ...(JSON.parse(event.payload) as object) }
  const body = JSON.stringify({ type, timestamp: isoTime(event.created_at_ms), data })
  const seconds = Math.floor(nowMs / 1000)
  const signatures = keys.map(
    (key) => `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`,
  )
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'payment-api',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': signatures.join(' '),
    },
  }
}
