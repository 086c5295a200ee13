import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { type AppId, newRefundIntentId, type OrderId, type ReviewEntryId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { minorUnits } from '../../kernel/money.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { bookRefund, type ChannelTaskDeps, carryOutRefund, holdPayment } from './carry-out-refunds.ts'
import { selectReviewEntries } from './cause-queries.ts'
import type { NoticedPayment } from './lock-notice.ts'
import { amountToRefund } from './refund-rules.ts'
import { keptPaidLine } from './reversal-rules.ts'
import {
  changeRefundIntent,
  findAnyOrder,
  findEntry,
  findRefundIntent,
  insertRefundIntent,
  selectLinesAbout,
  selectPaymentsWithAll,
  selectRefundIntents,
} from './review-queries.ts'
import { recordStaffAction } from './staff-action.ts'

/** What a person asks for. */
export interface RefundRequest {
  readonly appId: AppId
  /** An entry of the review queue, or an order. */
  readonly target: string
  /** In major units of the payment's currency; null: all that is left. */
  readonly amount: string | null
  /** True where that person states that the money went back already, as its platform cannot be asked. */
  readonly isReturned: boolean
  readonly by: string
}

type Intent = Row<'refund_intents'>
type Line = Row<'payment_lines'>

/**
 * Gives money back: written down first, then asked of the platform, then booked on its confirmation. Gives the refund as
 * it stands then: `open` is asked for again by a job. Asked again by a person, a refund that is not done goes on.
 * @throws StorageUnavailable when the database cannot take it.
 */
export async function refundPayment(deps: ChannelTaskDeps, request: RefundRequest): Promise<Outcome<Intent>> {
  const found = await findPaidLine(deps, request)
  if (!found.ok) return found
  const begun = await begin(deps, { request, ...found.value })
  if (!begun.ok) return begun
  const { intent } = begun.value
  if (intent.state === 'done') return accepted(intent)
  return accepted(await carryOutRefund(deps, intent.intent_id))
}

/** The line of a payment that an entry or an order is about. */
async function findPaidLine(
  { database }: ChannelTaskDeps,
  { appId, target }: RefundRequest,
): Promise<Outcome<{ line: Line; entryId: ReviewEntryId | null }>> {
  const { db } = database
  const entry = await findEntry(db, { appId, entryId: target as ReviewEntryId })
  if (entry) {
    const lines = await selectLinesAbout(db, { appId, orderId: entry.order_id, grantedPaymentId: null })
    const line = lines.find((one) => one.payment_id === entry.payment_id && one.line_no === entry.line_no)
    invariant(line, `entry ${entry.entry_id} is about a line`)
    return accepted({ line, entryId: entry.entry_id })
  }
  const orderId = target as OrderId
  const order = await findAnyOrder(db, { appId, orderId })
  const grantedPaymentId = order?.granted_payment_id ?? null
  const lines = await selectLinesAbout(db, { appId, orderId, grantedPaymentId })
  const granted = lines.find((line) => line.payment_id === grantedPaymentId && line.granted_order_id === orderId)
  if (granted) return accepted({ line: granted, entryId: null })
  return await findWaitingLine(db, { lines, isKnownOrder: order !== null })
}

/** Of the payments that name an order which was granted by none of them, the one that waits for a person. */
async function findWaitingLine(
  db: Db,
  { lines, isKnownOrder }: { lines: readonly Line[]; isKnownOrder: boolean },
): Promise<Outcome<{ line: Line; entryId: ReviewEntryId }>> {
  const { entries } = await selectPaymentsWithAll(
    db,
    lines.map((line) => line.payment_id),
  )
  const waiting = lines.flatMap((line) => {
    const entry = entries.find((one) => one.payment_id === line.payment_id && one.line_no === line.line_no)
    return entry?.state === 'open' ? [{ line, entryId: entry.entry_id }] : []
  })
  const [only] = waiting
  if (!only) {
    if (lines.length > 0) return refused('already_refunded')
    return refused(isKnownOrder ? 'nothing_paid' : 'order_not_found')
  }
  if (waiting.length === 1) return accepted(only)
  const message = `${waiting.length} payments of this order stand in the queue: name the entry`
  return refused('order_conflict', { details: [{ path: 'target', message }] })
}

interface Beginning {
  readonly request: RefundRequest
  readonly line: Line
  readonly entryId: ReviewEntryId | null
}

/** Writes down what is to be given back, under the payment's lock; an unfinished refund of the same money goes on. */
async function begin(deps: ChannelTaskDeps, beginning: Beginning): Promise<Outcome<{ intent: Intent }>> {
  const { request, entryId } = beginning
  return await deps.database.inTransaction(async (tx) => {
    const nowMs = deps.clock.nowMs()
    const payment = await holdPayment(tx, beginning.line)
    const line = payment.lines.find((one) => one.line_no === beginning.line.line_no)
    invariant(line, 'a line of a payment stays')
    const closed = entryId === null ? null : await refuseClosed(tx, { payment, entryId, line })
    if (closed) return closed
    const before = await selectRefundIntents(tx, payment.row.payment_id)
    const unfinished = before.find(({ state }) => state === 'open' || state === 'failed') ?? null
    const planned = planRefund(deps, { request, payment, line, before, unfinished, nowMs })
    if (!planned.ok) return planned
    // From here on nothing may be refused.
    const { intent } = planned.value
    if (unfinished) await goOn(tx, { unfinished, intent })
    else await insertRefundIntent(tx, intent)
    const { intent_id: intentId, amount_minor, currency } = intent
    await recordStaffAction(tx, {
      kind: 'refund',
      by: request.by,
      payment: payment.row,
      orderId: line.granted_order_id ?? line.order_id,
      entryId,
      details: {
        intent_id: intentId,
        amount_minor,
        currency,
        returned: request.isReturned,
        again: unfinished !== null,
      },
      nowMs,
    })
    if (request.isReturned) {
      const told = { refundId: `operator:${intentId}`, occurredAtMs: nowMs }
      await bookRefund(tx, { apps: deps.apps, payment, intentId, told, nowMs })
    }
    const after = await findRefundIntent(tx, intentId)
    invariant(after, 'what was written is there')
    return accepted({ intent: after })
  })
}

/** An entry that was resolved meanwhile: its money is a granted order's now, or gone. */
async function refuseClosed(
  tx: Tx,
  { payment, entryId, line }: { payment: NoticedPayment; entryId: ReviewEntryId; line: Line },
): Promise<Outcome<never> | null> {
  const entries = await selectReviewEntries(tx, payment.row.payment_id)
  const entry = entries.find((one) => one.entry_id === entryId)
  invariant(entry, `entry ${entryId} is of this payment`)
  if (entry.state === 'open') return null
  if (entry.state === 'refunded') return refused('already_refunded')
  const message =
    entry.state === 'approved'
      ? `it was approved: refund the order ${line.granted_order_id}`
      : 'its platform has given the money back'
  return refused('review_entry_closed', { details: [{ path: 'target', message }] })
}

function planRefund(
  deps: ChannelTaskDeps,
  facts: {
    request: RefundRequest
    payment: NoticedPayment
    line: Line
    before: readonly Intent[]
    unfinished: Intent | null
    nowMs: number
  },
): Outcome<{ intent: Intent }> {
  const { request, payment, line, before, unfinished, nowMs } = facts
  const paid = keptPaidLine(payment, line)
  const amount = amountToRefund({ causes: payment.causes, line: paid, asked: request.amount })
  if (!amount.ok) return amount
  const channel = deps.channels.byInstance(payment.row.instance)
  const canAsk = channel?.appId === payment.row.app_id && channel.refundPayment !== undefined
  const wasInVain = before.some(({ state }) => state === 'failed' || state === 'refused')
  if (!request.isReturned && !canAsk) return refused('refund_unavailable')
  if (request.isReturned && canAsk && !wasInVain) {
    const message = 'this platform can be asked for the refund: leave this out'
    return refused('refund_under_way', { details: [{ path: 'returned', message }] })
  }
  const intent: Intent = {
    intent_id: newRefundIntentId(),
    app_id: line.app_id,
    payment_id: line.payment_id,
    line_no: payment.lines.length > 1 ? line.line_no : null,
    order_id: line.order_id,
    amount_minor: amount.value === null ? null : minorUnits(amount.value.minor),
    currency: amount.value?.currency ?? null,
    state: 'open',
    idempotency_key: '',
    attempts: 0,
    next_attempt_at_ms: nowMs,
    lease_until_ms: 0,
    last_error: null,
    refund_id: null,
    created_at_ms: nowMs,
    updated_at_ms: nowMs,
  }
  if (!unfinished) return accepted({ intent: { ...intent, idempotency_key: intent.intent_id } })
  const isSame = unfinished.amount_minor === intent.amount_minor && unfinished.line_no === intent.line_no
  const isHeld = unfinished.lease_until_ms > nowMs
  if (!isSame || isHeld || (request.isReturned && unfinished.state === 'open')) {
    return refused('refund_under_way', { details: [{ path: 'target', message: wordsOf(unfinished, isHeld) }] })
  }
  const attempts = unfinished.state === 'failed' ? 0 : unfinished.attempts
  return accepted({
    intent: { ...unfinished, state: 'open', attempts, next_attempt_at_ms: nowMs, updated_at_ms: nowMs },
  })
}

/** The platform may have given this money back already: by its own key it is asked again, or nobody is. */
function wordsOf({ intent_id, amount_minor, currency, state }: Intent, isHeld: boolean): string {
  const of = amount_minor === null ? 'all of it' : `${amount_minor} minor units of ${currency}`
  if (isHeld) return `${intent_id} is being asked for at this moment`
  return `${intent_id} (${of}) is ${state}: repeat it with the same amount`
}

async function goOn(tx: Tx, { unfinished, intent }: { unfinished: Intent; intent: Intent }): Promise<void> {
  const { state, attempts, next_attempt_at_ms, updated_at_ms } = intent
  const change = { state, attempts, next_attempt_at_ms, updated_at_ms }
  const isMine = await changeRefundIntent(tx, { seen: unfinished, change })
  // Another attempt began between our reading and our writing; it carries this refund out.
  invariant(isMine || unfinished.state === 'open', `refund ${unfinished.intent_id} failed and nobody was at it`)
}
