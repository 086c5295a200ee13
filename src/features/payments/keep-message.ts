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
import { type KeptEvent, keepEvent } from './payment-event.ts'
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
    const eventId = newPaymentEventId()
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

/** Keeps a message by itself, with no payment and no order: the verdict says why. An id that is given is kept once. */
export async function keepAlone(
  deps: KeepDeps,
  message: MessageSource,
  verdict: string,
  { eventId }: { eventId?: PaymentEventId } = {},
): Promise<KeptEvent> {
  const { event, body } = keepEvent(message, { verdict, paymentId: null, orderId: null })
  const kept = { event: { ...event, ...(eventId === undefined ? {} : { event_id: eventId }) }, body }
  await deps.database.inTransaction(async (tx) => {
    if (eventId !== undefined && (await findPaymentEvent(tx, eventId))) return
    await insertPaymentEvents(tx, [kept])
  })
  deps.count({ kind: message.evidence.kind, verdict })
  return kept
}

/** Keeps a platform's question that is answered later, with the call that owes the answer, in one transaction. */
export async function keepInquiry(
  deps: KeepDeps & { readonly clock: Clock },
  { source, owed }: { source: MessageSource; owed: OwedCall },
): Promise<void> {
  const nowMs = deps.clock.nowMs()
  await deps.database.inTransaction(async (tx) => {
    await insertPaymentEvents(tx, [keepEvent(source, { verdict: 'owed', paymentId: null, orderId: null })])
    await insertOwedCalls(tx, [owedCallRow(owed, { source, paymentId: null, state: 'open', nowMs })])
  })
  deps.count({ kind: source.evidence.kind, verdict: 'owed' })
}
