import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { ChannelMessage, Evidence, WebhookCall } from '../channel.ts'
import { bodyFaults, readJson } from '../read-body.ts'
import { callbackOf } from './answers.ts'
import { paymentFromAward } from './award.ts'
import { messageFromEvent } from './event.ts'
import type { AppchargeInstance } from './instance.ts'
import { questionFrom } from './questions.ts'
import { PROJECT_HEADER, SIGNATURE_HEADER } from './sign.ts'
import { isGenuine } from './verify.ts'
import { type AppchargeEvent, type Award, AwardSchema, EventSchema } from './wire.ts'

// What proves or explains a message; never the shared token.
const KEPT_HEADERS = ['content-type', 'user-agent', SIGNATURE_HEADER, PROJECT_HEADER] as const
const KEPT_HEADER_LENGTH_MAX = 300

/** Takes a callback: verified, then parsed, then believed. */
export function receiveAppcharge(instance: AppchargeInstance, call: WebhookCall): Outcome<ChannelMessage> {
  const callback = callbackOf(call.callback)
  if (callback === null) return refused('not_found')
  if (!isGenuine(instance, call)) return refused('invalid_signature')
  switch (callback) {
    case 'award':
      return accepted(messageFromAward(instance, call))
    case 'events':
      return accepted(eventRead(instance, call))
    case 'auth':
    case 'auth-initiate':
    case 'personalize': {
      const question = questionFrom(instance, { callback, call })
      return question.ok ? accepted({ kind: 'question', question: question.value }) : question
    }
  }
}

/** What cannot be read is kept and refused: nothing is lost, and it stands as not awarded in the dashboard. */
function messageFromAward(instance: AppchargeInstance, call: WebhookCall): ChannelMessage {
  const body = readJson(call.rawBody)
  const details = bodyFaults(AwardSchema, body)
  const evidence = evidenceOf(call, 'payment')
  if (details.length > 0) return notUnderstood(instance, { evidence, details })
  const payment = paymentFromAward(instance, { award: body as Award, evidence })
  if (payment.ok) return { kind: 'payment', payment: payment.value }
  return notUnderstood(instance, { evidence, details: payment.refusal.details ?? [] })
}

function eventRead(instance: AppchargeInstance, call: WebhookCall): ChannelMessage {
  const body = readJson(call.rawBody)
  const details = bodyFaults(EventSchema, body)
  const evidence = evidenceOf(call, 'callback')
  if (details.length > 0) return notUnderstood(instance, { evidence, details })
  return messageFromEvent(instance, { event: body as AppchargeEvent, evidence, nowMs: call.nowMs })
}

type NotUnderstood = Extract<ChannelMessage, { readonly kind: 'not_understood' }>

function notUnderstood(
  { appId, instance, environment }: AppchargeInstance,
  { evidence, details }: { evidence: Evidence } & Pick<NotUnderstood, 'details'>,
): NotUnderstood {
  return { kind: 'not_understood', source: { appId, instance, environment, evidence }, details }
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
