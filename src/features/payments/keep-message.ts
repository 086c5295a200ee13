import type {
  MessageSource,
  OwedCall,
  VerifiedFailure,
  VerifiedNotice,
  VerifiedPayment,
} from '../../channels/channel.ts'
import type { Database } from '../../db/database.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import { newPaymentEventId, type PaymentEventId } from '../../kernel/ids.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import { insertOwedCalls, owedCallRow } from './owed-call-queries.ts'
import { contentId, type KeptEvent, keepEvent } from './payment-event.ts'
import { blankPaymentEvents, findPaymentEvent, insertPaymentEvents, selectErased } from './queries.ts'

/** Told when a message could not be worked on for a reason of our own. */
export type FailureReport = (failure: {
  error: unknown
  kind: string
  requestId: string
  /** Under which it is kept, for a replay. */
  eventId?: PaymentEventId
}) => void

export interface KeepDeps {
  readonly database: Database
  readonly count: (event: { kind: string; verdict: string }) => void
  readonly report: FailureReport
}

/**
 * Works on a proven message. A fault of ours never loses it: it is kept alone with the verdict `error`, its sender is
 * asked to send it again, and a replay heals it.
 * @throws StorageUnavailable when nothing can be kept at all; the sender's retry is then the only copy.
 */
export async function workOnMessage<T>(
  deps: KeepDeps,
  message: VerifiedPayment | VerifiedFailure | VerifiedNotice,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error
    const { kind, requestId } = message.evidence
    const eventId = contentId(message) ?? newPaymentEventId()
    deps.report({ error, kind, requestId, eventId })
    const { event } = await keepAlone(deps, message, 'error', { eventId })
    // Looked up once the message can be found: it waits for no lock, and whoever is erased a moment later has it blanked.
    // A notice names a payment and no person; the message of the payment itself is blanked by its player.
    const named = 'playerId' in message ? [message.playerId] : []
    const [erased] = await selectErased(deps.database.db, named)
    if (erased?.app_id === message.appId) await deps.database.inTransaction((tx) => blankPaymentEvents(tx, [event]))
    return refused('settlement_failed')
  }
}

/**
 * Keeps a message by itself, with no payment and no order: the verdict says why. An id that is given is kept once, and so
 * is the answer to a question of our own.
 */
export async function keepAlone(
  deps: KeepDeps,
  message: MessageSource,
  verdict: string,
  { eventId = contentId(message) }: { eventId?: PaymentEventId | null } = {},
): Promise<KeptEvent> {
  const { event, body } = keepEvent(message, { verdict, paymentId: null, orderId: null })
  const kept = { event: { ...event, ...(eventId === null ? {} : { event_id: eventId }) }, body }
  const isNew = await deps.database.inTransaction(async (tx) => {
    if (eventId !== null && (await findPaymentEvent(tx, eventId))) return false
    await insertPaymentEvents(tx, [kept])
    return true
  })
  if (isNew) deps.count({ kind: message.evidence.kind, verdict })
  return kept
}

/** Keeps a platform's question that is answered later, with the call that owes the answer, in one transaction. */
export async function keepInquiry(
  deps: KeepDeps & { readonly clock: Clock },
  { source, owed }: { source: MessageSource; owed: OwedCall },
): Promise<void> {
  const nowMs = deps.clock.nowMs()
  const { event, body } = keepEvent(source, { verdict: 'owed', paymentId: null, orderId: null })
  const eventId = contentId(source) ?? event.event_id
  const isNew = await deps.database.inTransaction(async (tx) => {
    if (await findPaymentEvent(tx, eventId)) return false
    await insertPaymentEvents(tx, [{ event: { ...event, event_id: eventId }, body }])
    await insertOwedCalls(tx, [owedCallRow(owed, { source, paymentId: null, state: 'open', nowMs })])
    return true
  })
  if (isNew) deps.count({ kind: source.evidence.kind, verdict: 'owed' })
}
