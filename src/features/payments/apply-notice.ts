import type { VerifiedNotice } from '../../channels/channel.ts'
import type { Tx } from '../../db/database.ts'
import type { OrderStatus, Row } from '../../db/schema.ts'
import type { OrderId, PaymentId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Apps } from '../apps/index.ts'
import { saveRewardMessage, selectRewardMessages } from '../inbox/index.ts'
import { type LockedOrder, recordOrderState, selectOrdersForUpdate, updateOrders } from '../orders/index.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { type LockedPlayer, lockPlayers, saveLockedPlayers } from '../players/index.ts'
import { insertLedgerTransactions } from '../wallet/index.ts'
import {
  insertOrderReversals,
  saveCauses,
  saveRestored,
  saveReviewEntry,
  selectCauses,
  selectOrderReversals,
  selectReviewEntries,
  selectWaitingOrders,
} from './cause-queries.ts'
import { lockNoticedPayment, type NoticedPayment } from './lock-notice.ts'
import { keepEvent, OWN_QUESTIONS, withoutPerson } from './payment-event.ts'
import { insertPaymentEvents, lockPayments, selectPaymentLines } from './queries.ts'
import { type Cause, isSameCause, keptPaidLine, laterNotice, shareTaken } from './reversal-rules.ts'
import { bringToStanding, type ReversalDraft } from './reverse-grant.ts'
import { putsOrderInReview } from './rules.ts'
import type { SettleDeps } from './settle-payments.ts'

// The payment itself has not come: its tombstone keeps what was told.
const AWAITS_PAYMENT = 'awaits_payment'
// It changes nothing but what is known of the payment.
const NOTED = 'noted'

/** What became of a notice. */
export interface AppliedNotice {
  /** The order that its payment was for; null while the payment itself has not come. */
  readonly orderId: OrderId | null
  readonly orderStatus: OrderStatus | null
  /** As the kept message says it. */
  readonly verdict: string
}

/**
 * Books a refund or a dispute, or what became of one, on the payment that it belongs to. Notices may come in any order,
 * any number of times, and before their payment: what stands in the end is what the facts demand, not what came last.
 * @throws StorageUnavailable when the database cannot take it.
 */
export async function applyNotice(deps: SettleDeps, notice: VerifiedNotice): Promise<AppliedNotice> {
  const applied = await deps.database.inTransaction(async (tx) => {
    const nowMs = deps.clock.nowMs()
    const payment = await lockNoticedPayment(tx, { notice, nowMs })
    const { verdict, order, isNews, isOfErased } = await bookCause(tx, {
      ...{ apps: deps.apps, payment, told: causeTold(notice), nowMs },
    })
    const { payment_id: paymentId } = payment.row
    const orderId = order?.order_id ?? null
    // Every callback is kept; an answer to a question of our own when it tells something new.
    if (isNews || !OWN_QUESTIONS.has(notice.evidence.kind)) {
      const kept = keepEvent(notice, { verdict, paymentId, orderId })
      await insertPaymentEvents(tx, [isOfErased ? withoutPerson(kept) : kept])
    }
    return { orderId, orderStatus: order?.status ?? null, verdict }
  })
  deps.count({ kind: notice.evidence.kind, verdict: applied.verdict })
  return applied
}

/** Books what was told of a payment that the caller holds; gives the order that it concerns, and what became of it. */
export async function bookCause(
  tx: Tx,
  { apps, payment, told, nowMs }: { apps: Apps; payment: NoticedPayment; told: Cause; nowMs: number },
): Promise<{ verdict: string; order: LockedOrder | null; isNews: boolean; isOfErased: boolean }> {
  const held = await lockWhatItMoves(tx, payment)
  // From here on nothing may be refused.
  const known = payment.causes.find((cause) => isSameCause(cause, told)) ?? null
  const cause = laterNotice(known, told)
  const isNews = cause !== known || payment.hasMerged
  const causes = [...payment.causes.filter((one) => one !== known), cause]
  const verdict = isNews ? await book(tx, { apps, payment, held, cause, causes, nowMs }) : verdictOfOld(payment, held)
  const isOfErased = [...held.players.values()].some(({ status }) => status === 'erased')
  return { verdict, order: held.orders.values().next().value ?? null, isNews, isOfErased }
}

function verdictOfOld(payment: NoticedPayment, held: Held): string {
  if (payment.lines.length === 0) return AWAITS_PAYMENT
  return held.orders.size === 0 ? NOTED : 'unchanged'
}

function causeTold(notice: VerifiedNotice): Cause {
  const { cause, causeId, state, lineNo, amount, occurredAtMs } = notice
  return { cause, causeId, state, lineNo, amount, occurredAtMs }
}

/**
 * Brings a payment that was told of before to where it stands, once more became known of it than it was booked by.
 * The caller holds it with all its names.
 */
export async function standAsMerged(
  tx: Tx,
  { apps, paymentId, nowMs }: { apps: Apps; paymentId: PaymentId; nowMs: number },
): Promise<void> {
  const [row] = await lockPayments(tx, [paymentId])
  invariant(row, `payment ${paymentId} has taken in what was told of others`)
  const [lines, causes] = [await selectPaymentLines(tx, [paymentId]), await selectCauses(tx, paymentId)]
  const cause = causes.at(-1)
  if (!cause) return
  const payment = { row, lines, causes, hasMerged: true }
  await book(tx, { apps, payment, held: await lockWhatItMoves(tx, payment), cause, causes, nowMs })
}

/** The orders, players, messages and queue entries that a payment's lines concern, locked in the agreed sequence. */
interface Held {
  readonly orders: ReadonlyMap<OrderId, LockedOrder>
  readonly players: ReadonlyMap<PlayerId, LockedPlayer>
  readonly messages: readonly Row<'inbox_messages'>[]
  readonly reversals: readonly Row<'order_reversals'>[]
  readonly entries: readonly Row<'review_entries'>[]
  /** Orders that wait for a person because of another payment too. */
  readonly waitingOrders: ReadonlySet<OrderId>
}

async function lockWhatItMoves(tx: Tx, { row, lines }: NoticedPayment): Promise<Held> {
  const orderIds = lines.map((line) => line.granted_order_id ?? line.order_id)
  const inApp = { appId: row.app_id, orderIds }
  const orders = await selectOrdersForUpdate(tx, inApp)
  const players = await lockPlayers(
    tx,
    orders.map((order) => order.user_id),
  )
  return {
    orders: new Map(orders.map((order) => [order.order_id, order])),
    players,
    messages: await selectRewardMessages(tx, inApp),
    reversals: await selectOrderReversals(tx, inApp),
    entries: lines.length === 0 ? [] : await selectReviewEntries(tx, row.payment_id),
    waitingOrders: await selectWaitingOrders(tx, { ...inApp, butFor: row.payment_id }),
  }
}

interface Booking {
  readonly apps: Apps
  readonly payment: NoticedPayment
  readonly held: Held
  readonly cause: Cause
  readonly causes: readonly Cause[]
  readonly nowMs: number
}

async function book(tx: Tx, booking: Booking): Promise<string> {
  const { payment, held, cause, nowMs } = booking
  const draft = emptyReversalDraft(nowMs)
  const changedEntries = new Set<Row<'review_entries'>>()
  const verdicts = payment.lines.map((line) =>
    line.standing === 'granted'
      ? reverseLine(draft, booking, line)
      : standInQueue(draft, booking, { line, changedEntries }),
  )
  await saveCauses(tx, { paymentId: payment.row.payment_id, causes: [cause], nowMs })
  await writeReversals(tx, draft)
  for (const entry of changedEntries) await saveReviewEntry(tx, entry)
  await updateOrders(tx, [...draft.changedOrders])
  await insertLedgerTransactions(tx, draft.ledger)
  await saveLockedPlayers(tx, [...draft.changedPlayers])
  await insertOutboxEvents(tx, draft.outbox)
  invariant(held.orders.size >= draft.changedOrders.size, 'only locked orders are changed')
  if (verdicts.length === 0) return AWAITS_PAYMENT
  return new Set(verdicts).size === 1 ? (verdicts[0] ?? 'unchanged') : 'mixed'
}

export function emptyReversalDraft(nowMs: number): ReversalDraft {
  return {
    nowMs,
    changedOrders: new Set(),
    changedPlayers: new Set(),
    ledger: [],
    outbox: [],
    newReversals: [],
    restoredReversals: [],
    changedMessages: new Set(),
  }
}

/** Writes what is a reversal's alone; orders, players, ledger and events are written with those of the whole transaction. */
export async function writeReversals(tx: Tx, draft: ReversalDraft): Promise<void> {
  await insertOrderReversals(tx, draft.newReversals)
  for (const row of draft.restoredReversals) await saveRestored(tx, row)
  for (const message of draft.changedMessages) await saveRewardMessage(tx, message)
}

function reverseLine(draft: ReversalDraft, booking: Booking, line: Row<'payment_lines'>): string {
  const { apps, payment, held, cause, causes } = booking
  const order = held.orders.get(line.granted_order_id ?? line.order_id)
  invariant(order, `the order of line ${line.line_no} was granted, so it is there`)
  const player = held.players.get(order.user_id)
  invariant(player, `player ${order.user_id} has an order`)
  return bringToStanding(
    draft,
    {
      order,
      player,
      message: held.messages.find((one) => one.reward_order_id === order.order_id) ?? null,
      line: keptPaidLine(payment, line),
      causes,
      reversals: held.reversals.filter((row) => row.order_id === order.order_id),
      refundPolicy: apps.find(line.app_id)?.refundPolicy ?? 'debt',
    },
    cause,
  )
}

/**
 * Money that was never granted moves no coin: its entry of the queue closes when all of it is given back, and opens again
 * when that is undone. The order that it put in review goes with it.
 */
function standInQueue(
  draft: ReversalDraft,
  { payment, held, causes }: Booking,
  { line, changedEntries }: { line: Row<'payment_lines'>; changedEntries: Set<Row<'review_entries'>> },
): string {
  const share = shareTaken(causes, keptPaidLine(payment, line))
  const entry = held.entries.find((one) => one.line_no === line.line_no)
  invariant(entry, `line ${line.line_no} was not granted, so it stands in the queue`)
  const isGone = share.kind === 'whole'
  const changes = isGone ? entry.state === 'open' : entry.state === 'refunded'
  if (!changes) return NOTED
  entry.state = isGone ? 'refunded' : 'open'
  entry.closed_at_ms = isGone ? draft.nowMs : null
  changedEntries.add(entry)
  moveQueuedOrder(draft, { payment, held, entry }, line)
  return isGone ? 'entry_refunded' : 'entry_reopened'
}

/** An order that was put in review waits there as long as any money of its does. */
function moveQueuedOrder(
  draft: ReversalDraft,
  { payment, held, entry }: Pick<Booking, 'payment' | 'held'> & { entry: Row<'review_entries'> },
  line: Row<'payment_lines'>,
): void {
  const order = held.orders.get(line.order_id)
  const player = order && held.players.get(order.user_id)
  const isItsOwn = order?.user_id === payment.row.payer_user_id && order.granted_payment_id === null
  if (!order || !player || !isItsOwn || line.standing !== 'review' || !putsOrderInReview(line.refusal)) return
  const waits = entry.state === 'open' || held.waitingOrders.has(order.order_id)
  const [from, to] = waits ? (['refunded', 'review'] as const) : (['review', 'refunded'] as const)
  if (order.status !== from) return
  draft.outbox.push(recordOrderState({ order, player, nowMs: draft.nowMs, from, to }))
  draft.changedOrders.add(order)
  draft.changedPlayers.add(player)
}
