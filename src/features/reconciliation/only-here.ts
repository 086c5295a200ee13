import type { Channel, Standing } from '../../channels/channel.ts'
import { newRequestId, type PaymentId } from '../../kernel/ids.ts'
import { type BookedPayment, type MessageDeps, selectBookedPayments } from '../payments/index.ts'
import { type Comparison, type Matched, noteDifference, reversalKey } from './comparison.ts'
import { type DifferenceKind, paidOf, sideHere } from './differences.ts'
import { type BackRow, type BooksPlace, type BooksSpan, selectPaymentsTold, selectReversalsTold } from './queries.ts'

const PAGE_ROWS = 500

/** Which of the books is looked for at the platform. */
export interface Sought {
  readonly channel: Channel
  readonly span: BooksSpan
  /** What was found there, in this window and in those beside it. */
  readonly found: readonly Matched[]
  readonly environments: ReadonlySet<string>
  /** False where the platform's list or report does not tell of such at all. */
  readonly payments: boolean
  readonly reversals: boolean
  /** How many payments the platform may still be asked about one by one. */
  readonly asks: { left: number }
}

/** Notes what the books have in a window of time and the platform does not tell. */
export async function noteOnlyHere(deps: MessageDeps, comparison: Comparison, sought: Sought): Promise<void> {
  if (sought.payments) await notePayments(deps, comparison, sought)
  if (sought.reversals) await noteReversals(deps, comparison, sought)
}

async function notePayments(deps: MessageDeps, comparison: Comparison, sought: Sought): Promise<void> {
  const { db } = deps.database
  const { span } = sought
  for (let after: BooksPlace | null = null; ; ) {
    const rows: Awaited<ReturnType<typeof selectPaymentsTold>> = await selectPaymentsTold(db, {
      ...{ span, after, limit: PAGE_ROWS },
    })
    const missing = rows.filter(({ payment_id: id }) => !sought.found.some(({ payments }) => payments.has(id)))
    const booked = await selectBookedPayments(
      db,
      missing.map(({ payment_id: id }) => id),
    )
    for (const payment of booked.values()) await notePayment(deps, { comparison, sought, payment })
    const last = rows.at(-1)
    if (!last || rows.length < PAGE_ROWS) return
    after = { atMs: last.created_at_ms, id: last.payment_id }
  }
}

async function notePayment(
  deps: MessageDeps,
  { comparison, sought, payment }: { comparison: Comparison; sought: Sought; payment: BookedPayment },
): Promise<void> {
  if (!sought.environments.has(payment.environment)) return
  const standing = await standingThere(deps, sought, payment)
  if (standing === 'not_asked') {
    comparison.notAsked += 1
    return
  }
  // It was paid before, and told late: another span has it.
  if (standing === 'stands') return
  const isGoneHere = payment.causes.some(({ state }) => state === 'taken')
  if (standing === 'gone' && isGoneHere) return
  comparison.totals.addPaid('here', paidOf(payment))
  const [line] = payment.lines
  noteDifference(comparison, {
    kind: standing === 'gone' ? 'refund_missing_here' : 'unknown_there',
    ids: payment.transaction_id === null ? [] : [payment.transaction_id],
    orderId: line?.order_id ?? null,
    paymentId: payment.payment_id,
    there: standing === 'gone' ? { state: 'refunded', minor: null, currency: null } : null,
    here: sideHere(payment),
    occurredAtMs: payment.created_at_ms,
    isHealed: false,
  })
}

/** What the platform says of one payment when it is asked; a list by time does not have what was told late. */
async function standingThere(
  { clock }: MessageDeps,
  { channel, asks }: Sought,
  payment: BookedPayment,
): Promise<Standing | 'not_asked'> {
  const [line] = payment.lines
  if (!channel.lookUpStanding || !line) return 'unknown'
  if (asks.left === 0) return 'not_asked'
  asks.left -= 1
  const names = { transactionId: payment.transaction_id, orderId: line.order_id }
  const told = await channel.lookUpStanding({ ...names, nowMs: clock.nowMs(), requestId: newRequestId() })
  return told.ok ? told.value : 'not_asked'
}

async function noteReversals(deps: MessageDeps, comparison: Comparison, sought: Sought): Promise<void> {
  const { db } = deps.database
  for (let after: BooksPlace | null = null; ; ) {
    const rows: BackRow[] = await selectReversalsTold(db, { span: sought.span, after, limit: PAGE_ROWS })
    const missing = rows.filter((row) => row.state !== 'undone' && !isFound(sought.found, row))
    const booked = await selectBookedPayments(db, [...new Set(missing.map(({ payment_id: id }) => id))])
    for (const row of missing) noteReversal(comparison, { sought, row, booked })
    const last = rows.at(-1)
    if (!last || rows.length < PAGE_ROWS) return
    after = { atMs: last.occurred_at_ms, id: last.payment_id }
  }
}

function isFound(found: readonly Matched[], { payment_id: id, cause, cause_id: causeId }: BackRow): boolean {
  const [own, any] = [reversalKey(id, cause, causeId), reversalKey(id, cause, null)]
  return found.some(({ reversals }) => reversals.has(own) || reversals.has(any))
}

function noteReversal(
  comparison: Comparison,
  { sought, row, booked }: { sought: Sought; row: BackRow; booked: ReadonlyMap<PaymentId, BookedPayment> },
): void {
  const payment = booked.get(row.payment_id)
  if (!payment || !sought.environments.has(payment.environment)) return
  const { amount_minor: minor, currency, state, cause } = row
  const money = minor === null || currency === null ? paidOf(payment) : { minor, currency }
  const key = reversalKey(row.payment_id, cause, row.cause_id)
  if (state === 'taken') comparison.totals.setBackHere(key, money)
  const kind: DifferenceKind = cause === 'refund' ? 'refund_unknown_there' : 'dispute_unknown_there'
  noteDifference(comparison, {
    kind,
    ids: payment.transaction_id === null ? [row.cause_id] : [payment.transaction_id],
    orderId: payment.lines[0]?.order_id ?? null,
    paymentId: payment.payment_id,
    there: null,
    here: { state: cause === 'refund' ? 'refunded' : state === 'open' ? 'disputed' : 'dispute_lost', minor, currency },
    occurredAtMs: row.occurred_at_ms,
    isHealed: false,
  })
}
