import { createHash } from 'node:crypto'
import type { EvidenceKind, MessageSource } from '../../channels/channel.ts'
import type { NewRow } from '../../db/schema.ts'
import { newPaymentEventId, type OrderId, type PaymentEventId, type PaymentId } from '../../kernel/ids.ts'

/** A message and its raw body, ready to be kept. */
export interface KeptEvent {
  readonly event: NewRow<'payment_events'>
  readonly body: Uint8Array
}

/** What came of a message: `granted`, `replayed`, ..., or the error code that it was refused with. */
export interface EventVerdict {
  readonly verdict: string
  readonly paymentId: PaymentId | null
  /** The order that it concerns, where there is one. */
  readonly orderId: OrderId | null
}

const NO_BODY = new Uint8Array(0)

/** What is kept of a message about somebody who was erased: that it came, what was decided, and the hash of what it said. */
export function withoutPerson({ event }: KeptEvent): KeptEvent {
  return { event: { ...event, headers: withoutPersonalHeaders(event.headers) }, body: NO_BODY }
}

// What a program calls itself may tell one device from others; a signature or the name of a channel is nobody's.
const PERSONAL_HEADERS: ReadonlySet<string> = new Set(['user-agent'])

/** The kept headers of a message without those that tell of a person. */
export function withoutPersonalHeaders(headers: string): string {
  const kept = Object.entries(JSON.parse(headers) as Record<string, string>)
  return JSON.stringify(Object.fromEntries(kept.filter(([name]) => !PERSONAL_HEADERS.has(name))))
}

/** The record of one authenticated message, with the SHA-256 of what was sent. */
export function keepEvent(message: MessageSource, outcome: EventVerdict): KeptEvent {
  const { evidence } = message
  return {
    event: {
      event_id: newPaymentEventId(),
      app_id: message.appId,
      instance: message.instance,
      environment: message.environment,
      kind: evidence.kind,
      payment_id: outcome.paymentId,
      order_id: outcome.orderId,
      verdict: outcome.verdict,
      received_at_ms: evidence.receivedAtMs,
      request_id: evidence.requestId,
      callback: evidence.callback ?? null,
      headers: JSON.stringify(evidence.headers),
      body_sha256: createHash('sha256').update(evidence.rawBody).digest('hex'),
    },
    body: evidence.rawBody,
  }
}

/** Questions of our own, which may have been asked any number of times: an answer is kept when it tells something new. */
export const OWN_QUESTIONS: ReadonlySet<EvidenceKind> = new Set<EvidenceKind>(['look_up', 'device_purchase'])

/** An id by which an answer to a question of our own is kept once, however often it is told. Null for what came to us. */
export function contentId({ appId, instance, evidence }: MessageSource): PaymentEventId | null {
  if (!OWN_QUESTIONS.has(evidence.kind)) return null
  const content = createHash('sha256').update(JSON.stringify([appId, instance, evidence.kind]))
  return `evt_${content.update(evidence.rawBody).digest('hex').slice(0, 32)}` as PaymentEventId
}
