import { Check } from 'typebox/schema'
import { accepted, type FieldFault, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { ChannelMessage, Evidence, WebhookCall } from '../channel.ts'
import type { AppleEnvironment, AppleInstance } from './instance.ts'
import {
  claimOf,
  inquiryOf,
  isConsumable,
  isOurs,
  isShared,
  noticeOf,
  type Proven,
  refuseProduct,
  sourceOf,
} from './translate.ts'
import type { AppleVerifier, NotProven } from './verify.ts'
import {
  faultsOf,
  type Notification,
  NotificationSchema,
  SignedPayloadSchema,
  type Transaction,
  TransactionSchema,
} from './wire.ts'

/** An app in the App Store, and what proves what Apple says of it. */
export interface AppleApp {
  readonly apple: AppleInstance
  readonly verifier: AppleVerifier
}

export type AppleMessage = Exclude<ChannelMessage, { readonly kind: 'question' }>

// What explains a message; it is proven by its body alone.
const KEPT_HEADERS = ['content-type', 'user-agent'] as const
const KEPT_HEADER_LENGTH_MAX = 300

/** A notification of Apple's server, version 2: verified, then parsed, then believed. */
export async function receiveApple(app: AppleApp, call: WebhookCall): Promise<Outcome<ChannelMessage>> {
  const body = parsedBody(call.rawBody)
  if (!Check(SignedPayloadSchema, body)) return refused('invalid_signature')
  const { signedPayload } = body as { signedPayload: string }
  return await readNotification(app, { signedPayload, evidenceAs: (kind) => evidenceOf(call, kind) })
}

interface Sent {
  readonly signedPayload: string
  readonly evidenceAs: (kind: Evidence['kind']) => Evidence
}

/** What a notification says, whether it came by itself or was asked for. */
export async function readNotification(app: AppleApp, sent: Sent): Promise<Outcome<AppleMessage>> {
  const proof = await app.verifier.notification(sent.signedPayload)
  if (!proof.ok) return refuseUnproven(proof.why)
  const { environment, payload } = proof
  const told = { environment, evidenceAs: sent.evidenceAs }
  const faults = faultsOf(NotificationSchema, payload)
  if (faults.length > 0) return notUnderstood(app, told, faults)
  const notification = payload as Notification
  const kind = EVIDENCE_KINDS.get(notification.notificationType)
  // Subscriptions, reports, a test, and whatever Apple comes to tell that we do not know: none of it moves our money.
  if (kind === undefined) return noConcern(app, told)
  const signed = notification.data?.signedTransactionInfo
  if (signed === undefined) {
    return notUnderstood(app, told, [{ path: 'data.signedTransactionInfo', message: 'is missing' }])
  }
  const inner = await app.verifier.transaction(signed)
  if (!inner.ok) return refuseUnproven(inner.why)
  if (inner.environment !== environment) return refuseUnproven('other_environment')
  const innerFaults = faultsOf(TransactionSchema, inner.payload)
  if (innerFaults.length > 0) return notUnderstood(app, told, innerFaults)
  const transaction = inner.payload as Transaction
  const proven: Proven = { transaction, environment, evidence: sent.evidenceAs(kind) }
  const read = readPurchase(app.apple, { notification, proven })
  if (read === 'no_concern') return noConcern(app, told)
  return read.ok ? read : notUnderstood(app, told, read.refusal.details ?? [])
}

/** The notifications that are about a purchase, and as what they are kept. */
const EVIDENCE_KINDS: ReadonlyMap<string, Evidence['kind']> = new Map([
  ['ONE_TIME_CHARGE', 'payment'],
  ['REFUND', 'notice'],
  ['REFUND_REVERSED', 'notice'],
  ['REVOKE', 'notice'],
  ['CONSUMPTION_REQUEST', 'callback'],
])

function readPurchase(
  apple: AppleInstance,
  { notification, proven }: { notification: Notification; proven: Proven },
): Outcome<AppleMessage> | 'no_concern' {
  const { transaction } = proven
  const { notificationType, signedDate: occurredAtMs } = notification
  if (notificationType === 'ONE_TIME_CHARGE') return readCharge(apple, { proven, occurredAtMs })
  // What another part of the game sells, or somebody of a family did not pay for, was never granted here.
  if (!isConsumable(transaction) || isShared(transaction)) return 'no_concern'
  switch (notificationType) {
    case 'REFUND':
    case 'REVOKE':
      return noticed(apple, { ...proven, state: 'taken', occurredAtMs })
    case 'REFUND_REVERSED':
      return noticed(apple, { ...proven, state: 'undone', occurredAtMs })
    case 'CONSUMPTION_REQUEST':
      // Without a key nobody can answer.
      return apple.apiKey === null
        ? 'no_concern'
        : (accepted(inquiryOf(apple, { ...proven, notification })) as Outcome<AppleMessage>)
    default:
      return 'no_concern'
  }
}

function readCharge(
  apple: AppleInstance,
  { proven, occurredAtMs }: { proven: Proven; occurredAtMs: number },
): Outcome<AppleMessage> | 'no_concern' {
  const { transaction } = proven
  if (isShared(transaction)) return 'no_concern'
  const misfit = refuseProduct(transaction)
  // Paid for as what we sell, and set up as something else in the App Store: somebody has to see it.
  if (misfit) return isOurs(apple, transaction) ? misfit : 'no_concern'
  if (transaction.revocationDate !== undefined) return noticed(apple, { ...proven, state: 'taken', occurredAtMs })
  const claim = claimOf(apple, proven)
  return claim.ok ? accepted({ kind: 'claim', claim: claim.value }) : claim
}

function noticed(apple: AppleInstance, told: Parameters<typeof noticeOf>[1]): Outcome<AppleMessage> {
  const notice = noticeOf(apple, told)
  return notice.ok ? accepted({ kind: 'notice', notice: notice.value }) : notice
}

interface Told {
  readonly environment: AppleEnvironment
  readonly evidenceAs: Sent['evidenceAs']
}

function noConcern({ apple }: AppleApp, { environment, evidenceAs }: Told): Outcome<AppleMessage> {
  return accepted({ kind: 'no_concern', source: sourceOf(apple, { environment, evidence: evidenceAs('callback') }) })
}

function notUnderstood(
  { apple }: AppleApp,
  { environment, evidenceAs }: Told,
  details: readonly FieldFault[],
): Outcome<AppleMessage> {
  const source = sourceOf(apple, { environment, evidence: evidenceAs('callback') })
  return accepted({ kind: 'not_understood', source, details })
}

function refuseUnproven(why: NotProven): ReturnType<typeof refused> {
  switch (why) {
    case 'forged':
      return refused('invalid_signature')
    case 'other_app':
      return refusedField('signedPayload', 'is about another app')
    case 'other_environment':
      return refusedField('signedPayload', 'is of an environment that this channel does not take')
    case 'unavailable':
      return refused('channel_unavailable')
  }
}

function parsedBody(rawBody: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))
  } catch {
    return null
  }
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
