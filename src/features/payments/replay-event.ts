import { createHash } from 'node:crypto'
import type {
  ChannelMessage,
  Evidence,
  VerifiedFailure,
  VerifiedNotice,
  VerifiedPayment,
} from '../../channels/channel.ts'
import type { Database } from '../../db/database.ts'
import { rehearsing } from '../../db/rehearsing.ts'
import type { Row } from '../../db/schema.ts'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import type { PaymentEventId } from '../../kernel/ids.ts'
import type { FieldFault } from '../../kernel/outcome.ts'
import { applyNotice } from './apply-notice.ts'
import { withPayer } from './claim-payment.ts'
import { OWN_QUESTIONS } from './payment-event.ts'
import { type ProofDeps, proveAgain } from './prove-again.ts'
import { findPaymentEvent } from './queries.ts'
import { recordFailure } from './record-failure.ts'
import { isUnwantedTest } from './refuse-test-mode.ts'
import { type Named, type Standing, selectStandings } from './replay-queries.ts'
import { factsIdentity, transactionIdentity } from './rules.ts'
import { type SettleDeps, settlePayments } from './settle-payments.ts'

type SettleBooks = Omit<SettleDeps, 'count'>
export type ReplayDeps = SettleBooks & ProofDeps

/** Why a kept message cannot be told again. */
export type ReplayRefusal =
  | 'unknown_event'
  | 'is_a_replay'
  | 'is_an_answer'
  | 'body_blanked'
  | 'body_changed'
  | 'not_genuine'
  | 'channel_gone'
  | 'not_understood'

/** One thing of the books that changes; `from` is null for what there is not yet. */
export interface ReplayChange {
  readonly what: string
  readonly from: Standing | null
  readonly to: Standing
}

/** What came of a replay, or what would. */
export interface Replayed {
  readonly event: Row<'payment_events'>
  readonly applied: boolean
  /** As the message would be kept today; the verdict of then stands on its event. */
  readonly verdict: string
  readonly changes: readonly ReplayChange[]
}

export type ReplayOutcome =
  | { readonly ok: true; readonly value: Replayed }
  | {
      readonly ok: false
      readonly why: ReplayRefusal
      readonly event: Row<'payment_events'> | null
      readonly details: readonly FieldFault[]
    }

/**
 * Tells a kept message again, by today's code, to the very use case that takes it from a platform: proven as it was then.
 * Without `apply` the transaction is taken back. What was settled already stays as it is: the payment is its own key.
 * A replay that is applied is kept as a message of its own, of kind `replay`, whose request id names the event.
 */
export async function replayEvent(
  deps: ReplayDeps,
  { eventId, apply }: { eventId: PaymentEventId; apply: boolean },
): Promise<ReplayOutcome> {
  const kept = await findPaymentEvent(deps.database.db, eventId)
  if (!kept) return { ok: false, why: 'unknown_event', event: null, details: [] }
  const { event, body } = kept
  const refuse = (why: ReplayRefusal, details: readonly FieldFault[] = []): ReplayOutcome => ({
    ...{ ok: false, why, event, details },
  })
  if (event.kind === 'replay') return refuse('is_a_replay')
  // It was never signed: whoever doubts it asks the platform again.
  if (OWN_QUESTIONS.has(event.kind as Evidence['kind'])) return refuse('is_an_answer')
  const hash = createHash('sha256')
    .update(body ?? '')
    .digest('hex')
  if (body === null || hash !== event.body_sha256) return refuse(body?.length ? 'body_changed' : 'body_blanked')
  const proven = await proveAgain(deps, { event, body })
  if (!proven.ok) return refuse(whyNot(proven.refusal.code), proven.refusal.details)
  const told = await withPayer(deps.database.db, proven.value)
  if (!movesTheBooks(told)) return refuse('not_understood', 'details' in told ? told.details : [])
  const message = retold(told, { eventId, nowMs: deps.clock.nowMs() })
  const { verdict, changes } = await tellAgain(deps, { message, apply })
  return { ok: true, value: { event, applied: apply, verdict, changes } }
}

function whyNot(code: ErrorCode): ReplayRefusal {
  if (code === 'channel_not_found') return 'channel_gone'
  return code === 'invalid_fields' ? 'not_understood' : 'not_genuine'
}

export type Understood = Extract<ChannelMessage, { readonly kind: 'payment' | 'failure' | 'notice' }>

export function movesTheBooks(message: ChannelMessage): message is Understood {
  return message.kind === 'payment' || message.kind === 'failure' || message.kind === 'notice'
}

/** The message as it is kept this time: told now, by us, with the bytes of then. */
function retold(message: Understood, about: { eventId: PaymentEventId; nowMs: number }): Understood {
  const again = (evidence: Evidence): Evidence => ({
    ...evidence,
    kind: 'replay',
    receivedAtMs: about.nowMs,
    requestId: `replay.${about.eventId}`,
  })
  switch (message.kind) {
    case 'payment':
      return { ...message, payment: { ...message.payment, evidence: again(message.payment.evidence) } }
    case 'failure':
      return { ...message, failure: { ...message.failure, evidence: again(message.failure.evidence) } }
    case 'notice':
      return { ...message, notice: { ...message.notice, evidence: again(message.notice.evidence) } }
  }
}

/** Tells a proven message to the use case that takes it, and says what that changed; without `apply` it is taken back. */
export async function tellAgain(
  deps: SettleBooks,
  { message, apply }: { message: Understood; apply: boolean },
): Promise<Pick<Replayed, 'verdict' | 'changes'>> {
  const source = sourceOf(message)
  if (isUnwantedTest(deps, source)) return { verdict: 'test_mode', changes: [] }
  // An answer to a question of our own that tells nothing new is not counted.
  let verdict = 'unchanged'
  const seen = { before: new Map<string, Standing>(), after: new Map<string, Standing>() }
  const database = observing(apply ? deps.database : rehearsing(deps.database), { named: namedBy(message), seen })
  const count = (event: { verdict: string }): void => {
    verdict = event.verdict
  }
  await work({ ...deps, database, count }, message)
  return { verdict, changes: changesBetween(seen.before, seen.after) }
}

async function work(deps: SettleDeps, message: Understood): Promise<void> {
  switch (message.kind) {
    case 'payment':
      await settlePayments(deps, [message.payment])
      return
    case 'failure':
      await recordFailure(deps, message.failure)
      return
    case 'notice':
      await applyNotice(deps, message.notice)
  }
}

export function sourceOf(message: Understood): VerifiedPayment | VerifiedFailure | VerifiedNotice {
  switch (message.kind) {
    case 'payment':
      return message.payment
    case 'failure':
      return message.failure
    case 'notice':
      return message.notice
  }
}

/** Reads what the message can touch at the beginning and at the end of the transaction. */
function observing(
  database: Database,
  { named, seen }: { named: Named; seen: { before: Map<string, Standing>; after: Map<string, Standing> } },
): Database {
  return {
    ...database,
    inTransaction: (work, patience) =>
      database.inTransaction(async (tx) => {
        seen.before = await selectStandings(tx, named)
        const result = await work(tx)
        seen.after = await selectStandings(tx, named)
        return result
      }, patience),
  }
}

function namedBy(message: Understood): Named {
  switch (message.kind) {
    case 'payment': {
      const { payment } = message
      const { appId, transactionId, otherIds = [], lines, playerId, factsAreIdentity } = payment
      const ids = [transactionId, ...otherIds].filter((id) => id !== null)
      const facts = factsAreIdentity
        ? lines.slice(0, 1).map((line) => factsIdentity(payment, { ...line, playerId }))
        : []
      const names = [...ids.map((id) => transactionIdentity(payment, id)), ...facts]
      const orderIds = lines.map((line) => line.orderId)
      return { appId, identityKeys: names.map((name) => name.key), orderIds, playerIds: [playerId] }
    }
    case 'failure': {
      const { appId, orderId, playerId } = message.failure
      return { appId, identityKeys: [], orderIds: [orderId], playerIds: [playerId] }
    }
    case 'notice': {
      const { notice } = message
      const names = notice.paymentIds.map((id) => transactionIdentity(notice, id))
      const orderIds = notice.orderId === undefined ? [] : [notice.orderId]
      return { appId: notice.appId, identityKeys: names.map((name) => name.key), orderIds, playerIds: [] }
    }
  }
}

function changesBetween(before: ReadonlyMap<string, Standing>, after: ReadonlyMap<string, Standing>): ReplayChange[] {
  const changes: ReplayChange[] = []
  for (const [what, to] of after) {
    const from = before.get(what) ?? null
    if (JSON.stringify(from) !== JSON.stringify(to)) changes.push({ what, from, to })
  }
  return changes
}
