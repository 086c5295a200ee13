import { Check } from 'typebox/schema'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Evidence, MessagePage, MessageSpan, PaymentNames, Question, Standing } from '../channel.ts'
import { isRevokedInPart } from './amounts.ts'
import type { AppleApi } from './client.ts'
import { APPLE_ENVIRONMENTS, type AppleEnvironment } from './instance.ts'
import { type AppleApp, type AppleMessage, readNotification } from './receive.ts'
import { sourceOf } from './translate.ts'
import {
  faultsOf,
  NotificationHistorySchema,
  type Transaction,
  TransactionIdField,
  TransactionInfoSchema,
  TransactionSchema,
} from './wire.ts'

/** Whether a purchase's money is still ours. Real money is asked about first: an id is known in one environment only. */
export async function lookUpStanding(
  { apple, verifier }: AppleApp,
  { api, payment }: { api: AppleApi; payment: PaymentNames & Question },
): Promise<Outcome<Standing>> {
  const { transactionId, nowMs } = payment
  if (!Check(TransactionIdField, transactionId)) return accepted('unknown')
  const path = `/inApps/v1/transactions/${transactionId}`
  for (const environment of APPLE_ENVIRONMENTS.filter((each) => apple.environments.includes(each))) {
    const answer = await api.ask({ environment, method: 'GET', path, nowMs })
    if (!answer.ok && answer.refusal.code === 'purchase_not_found') continue
    if (!answer.ok) return answer
    if (!Check(TransactionInfoSchema, answer.value)) return refused('channel_unavailable')
    const proof = await verifier.transaction((answer.value as { signedTransactionInfo: string }).signedTransactionInfo)
    if (!proof.ok || faultsOf(TransactionSchema, proof.payload).length > 0) return refused('channel_unavailable')
    const transaction = proof.payload as Transaction
    if (transaction.transactionId !== transactionId) return refused('channel_unavailable')
    return accepted(standingOf(transaction))
  }
  return accepted('unknown')
}

/** Of what went back in part, the part is taken by its notice; the rest stands. */
function standingOf(transaction: Transaction): Standing {
  return transaction.revocationDate === undefined || isRevokedInPart(transaction) ? 'stands' : 'gone'
}

// Thirty days, less an hour for the clocks of both sides.
const SANDBOX_KEPT_MS = (30 * 24 - 1) * 60 * 60 * 1000

/** What Apple has told in a span of time, or tried to: environment by environment, a page of twenty at a time. */
export async function listMessages(
  app: AppleApp,
  { api, span }: { api: AppleApi; span: MessageSpan & Question },
): Promise<Outcome<MessagePage>> {
  const { environments } = app.apple
  const place = placeOf(span.cursor, environments)
  if (place === null) return accepted({ messages: [], nextCursor: null })
  const { environment, token } = place
  const query = token === '' ? '' : `?paginationToken=${encodeURIComponent(token)}`
  const answer = await api.ask({
    ...{ environment, method: 'POST', path: `/inApps/v1/notifications/history${query}`, nowMs: span.nowMs },
    body: { startDate: startOf(span, environment), endDate: span.untilMs },
  })
  if (!answer.ok) return answer
  if (!Check(NotificationHistorySchema, answer.value)) return refused('channel_unavailable')
  const { notificationHistory = [], paginationToken, hasMore } = answer.value as HistoryPage
  const messages: AppleMessage[] = []
  for (const { signedPayload } of notificationHistory) {
    const message = await readListed(app, { signedPayload, environment, question: span })
    if (!message.ok) return message
    messages.push(message.value)
  }
  const more = hasMore === true && paginationToken !== undefined ? `${environment}:${paginationToken}` : null
  const next = environments[environments.indexOf(environment) + 1]
  return accepted({ messages, nextCursor: more ?? (next === undefined ? null : `${next}:`) })
}

/** Of play money Apple keeps a month; whoever asks for more of the other is told what of that there is. */
function startOf({ fromMs, untilMs, nowMs }: MessageSpan & Question, environment: AppleEnvironment): number {
  return environment === 'Production' ? fromMs : Math.min(Math.max(fromMs, nowMs - SANDBOX_KEPT_MS), untilMs - 1)
}

interface HistoryPage {
  readonly notificationHistory?: readonly { readonly signedPayload: string }[]
  readonly paginationToken?: string
  readonly hasMore?: boolean
}

function placeOf(cursor: string | null, environments: readonly AppleEnvironment[]) {
  const [first] = environments
  if (cursor === null) return first === undefined ? null : { environment: first, token: '' }
  const at = cursor.indexOf(':')
  const environment = environments.find((each) => each === cursor.slice(0, at))
  return environment === undefined ? null : { environment, token: cursor.slice(at + 1) }
}

/** Proven again, one by one: an answer of the API proves nothing by itself. What cannot be is counted and not believed. */
async function readListed(
  app: AppleApp,
  listed: { signedPayload: string; environment: AppleEnvironment; question: Question },
): Promise<Outcome<AppleMessage>> {
  const { signedPayload, environment, question } = listed
  const evidence: Evidence = {
    ...{ kind: 'look_up', headers: {}, rawBody: Buffer.from(JSON.stringify({ signedPayload })) },
    ...{ receivedAtMs: question.nowMs, requestId: question.requestId },
  }
  const read = await readNotification(app, { signedPayload, evidenceAs: () => evidence })
  if (read.ok || read.refusal.code === 'channel_unavailable') return read
  const source = sourceOf(app.apple, { environment, evidence })
  const details = read.refusal.details ?? [{ path: 'signedPayload', message: 'is not genuine' }]
  return accepted({ kind: 'not_understood', source, details })
}
