import type { Static } from 'typebox'
import { accepted, type FieldFault, type Outcome, refused } from '../../kernel/outcome.ts'
import { type ChannelMessage, type Evidence, REVERSAL_TYPES, type WebhookCall } from '../channel.ts'
import { bodyFaults, readJson } from '../read-body.ts'
import { isGenuine } from '../timestamped-signature.ts'
import { noticeFrom } from './notice.ts'
import { environmentOf, failureFrom, paymentFrom } from './translate.ts'
import type { SignedInstance, TrustedSource } from './trust.ts'
import { MESSAGE_SCHEMAS, type NoticeMessage } from './wire.ts'

const SIGNATURE_HEADER = 'x-signature'
// What proves or explains a message; never a token or a cookie.
const KEPT_HEADERS = ['content-type', 'user-agent', SIGNATURE_HEADER] as const
const KEPT_HEADER_LENGTH_MAX = 300

type Kind = keyof typeof MESSAGE_SCHEMAS

/** A partner's callback: verified, then parsed, then believed. */
export function receiveSigned(
  { instance, appId, secrets }: SignedInstance,
  call: WebhookCall,
): Outcome<ChannelMessage> {
  const { rawBody, nowMs } = call
  const header = call.headers[SIGNATURE_HEADER]
  if (typeof header !== 'string' || !isGenuine(secrets, { header, rawBody, nowMs })) return refused('invalid_signature')
  const source: TrustedSource = { appId, instance, onlyPlayer: null }
  const body = readJson(rawBody)
  const kind = kindOf(body)
  const evidence = evidenceOf(call, kind ?? 'callback')
  const notUnderstood = (details: readonly FieldFault[] = []): Outcome<ChannelMessage> =>
    accepted({
      kind: 'not_understood',
      source: { appId, instance, environment: environmentOf({}), evidence },
      details,
    })
  if (kind === null) return notUnderstood([{ path: 'type', message: 'is not one of a message' }])
  const faults = bodyFaults(MESSAGE_SCHEMAS[kind], body)
  if (faults.length > 0) return notUnderstood(faults)
  const message = translate(source, { kind, body, evidence, nowMs })
  return message.ok ? message : notUnderstood(message.refusal.details)
}

/** The body has the fields that its kind must have. */
function translate(
  source: TrustedSource,
  { kind, body, evidence, nowMs }: { kind: Kind; body: unknown; evidence: Evidence; nowMs: number },
): Outcome<ChannelMessage> {
  switch (kind) {
    case 'payment': {
      const message = body as Static<(typeof MESSAGE_SCHEMAS)['payment']>
      const payment = paymentFrom(source, { message, evidence })
      return payment.ok ? accepted({ kind, payment: payment.value }) : payment
    }
    case 'failure': {
      const message = body as Static<(typeof MESSAGE_SCHEMAS)['failure']>
      const failure = failureFrom(source, { message, evidence })
      return failure.ok ? accepted({ kind, failure: failure.value }) : failure
    }
    case 'notice': {
      const notice = noticeFrom(source, { message: body as NoticeMessage, evidence, nowMs })
      return notice.ok ? accepted({ kind, notice: notice.value }) : notice
    }
  }
}

/** The type decides what a message is, and nothing else of it. */
function kindOf(body: unknown): Kind | null {
  if (typeof body !== 'object' || body === null || !Object.hasOwn(body, 'type')) return null
  const { type } = body as { type: unknown }
  if (type === 'payment.succeeded') return 'payment'
  if (type === 'payment.failed') return 'failure'
  return typeof type === 'string' && Object.hasOwn(REVERSAL_TYPES, type) ? 'notice' : null
}

function evidenceOf(call: WebhookCall, kind: Evidence['kind']): Evidence {
  const headers: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = call.headers[name]
    if (typeof value === 'string') headers[name] = value.slice(0, KEPT_HEADER_LENGTH_MAX)
  }
  const { rawBody, nowMs: receivedAtMs, requestId, callback } = call
  return { kind, headers, rawBody, receivedAtMs, requestId, callback }
}
