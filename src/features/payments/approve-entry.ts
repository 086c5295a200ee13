import type { Charged } from '../../channels/channel.ts'
import type { Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import {
  type AppId,
  newOrderId,
  newRequestId,
  type OrderId,
  type PlayerId,
  type ReviewEntryId,
} from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { selectOrdersForUpdate } from '../orders/index.ts'
import { lockPlayers } from '../players/index.ts'
import { type Catalogue, itemAt } from '../store/index.ts'
import { applyDecision } from './apply-decision.ts'
import { type Approval, decideApproval } from './approval-rules.ts'
import { type ChannelTaskDeps, holdPayment } from './carry-out-refunds.ts'
import { saveReviewEntry, selectReviewEntries } from './cause-queries.ts'
import type { NoticedPayment } from './lock-notice.ts'
import { type LockedPayment, type LockedSettlement, orderKey } from './lock-settlement.ts'
import { openHeldCalls } from './owed-call-queries.ts'
import { keptPaidLine, shareTaken } from './reversal-rules.ts'
import { findEntry, findPayment, selectRefundIntents } from './review-queries.ts'
import { isPlayerOf, knownOrderOf, writeDraft } from './settle-payments.ts'
import type { Settlement } from './settlement.ts'
import { emptyDraft } from './settlement-draft.ts'
import { recordStaffAction } from './staff-action.ts'

/** What a person approves. */
export interface ApprovalRequest {
  readonly appId: AppId
  readonly entryId: ReviewEntryId
  /** Whom it is for, where that is not who the payment names. */
  readonly playerId: PlayerId | null
  /** What it is for, where that is not the item that the payment names. */
  readonly itemId: number | null
  /** True where that person states that the payment stands, as its platform cannot say. */
  readonly isStatedPaid: boolean
  readonly by: string
}

type Entry = Row<'review_entries'>
type Line = Row<'payment_lines'>

/**
 * Settles money that waits in the review queue, by a person's decision. Its platform is asked first whether it is still
 * there; then it becomes a granted order as any payment does: once, whoever else approves, refunds or delivers it.
 * @throws StorageUnavailable when the database cannot take it.
 */
export async function approveEntry(deps: ChannelTaskDeps, request: ApprovalRequest): Promise<Outcome<Settlement>> {
  const entry = await findEntry(deps.database.db, request)
  if (!entry) return refused('review_entry_not_found')
  if (entry.state !== 'open') return refuseClosed(entry)
  const stands = await askWhetherItStands(deps, { entry, request })
  if (!stands.ok) return stands
  // Before the transaction: inside it, waiting for another connection could starve the pool.
  const catalogue = await deps.catalogues.of(request.appId)
  return await deps.database.inTransaction((tx) => settleEntry(tx, { deps, request, entry, catalogue }))
}

function refuseClosed({ state }: Pick<Entry, 'state'>): Outcome<never> {
  const message = `it was ${state} already`
  return refused('review_entry_closed', { details: [{ path: 'entry', message }] })
}

async function askWhetherItStands(
  { database, channels, clock }: ChannelTaskDeps,
  { entry, request }: { entry: Entry; request: ApprovalRequest },
): Promise<Outcome<null>> {
  const payment = await findPayment(database.db, entry.payment_id)
  const channel = channels.byInstance(payment.instance)
  if (channel?.appId === payment.app_id && channel.lookUpStanding) {
    const { transaction_id: transactionId } = payment
    const question = { nowMs: clock.nowMs(), requestId: newRequestId() }
    const told = await channel.lookUpStanding({ transactionId, orderId: entry.order_id, ...question })
    if (!told.ok) return told
    if (told.value === 'gone') return refused('payment_gone')
    if (told.value === 'stands') return accepted(null)
  }
  return request.isStatedPaid ? accepted(null) : refused('payment_unproven')
}

interface Settling {
  readonly deps: ChannelTaskDeps
  readonly request: ApprovalRequest
  readonly entry: Entry
  readonly catalogue: Catalogue
}

async function settleEntry(tx: Tx, settling: Settling): Promise<Outcome<Settlement>> {
  const { deps, request, catalogue } = settling
  const nowMs = deps.clock.nowMs()
  const payment = await holdPayment(tx, settling.entry)
  const line = payment.lines.find((one) => one.line_no === settling.entry.line_no)
  invariant(line, 'an entry is about a line of its payment')
  const entry = await openEntry(tx, { payment, line, entryId: request.entryId })
  if (!entry.ok) return entry
  const wanted = {
    playerId: request.playerId ?? (payment.row.payer_user_id as PlayerId),
    itemId: request.itemId ?? line.item_id,
  }
  const locked = await lockWhatItGrants(tx, { payment, line, wanted })
  const order = locked.orders.get(orderKey({ appId: line.app_id, orderId: line.order_id })) ?? null
  const player = locked.players.get(wanted.playerId)
  const item = itemAt(catalogue, { itemId: wanted.itemId, nowMs })
  const decided = decideApproval({
    paid: {
      playerId: payment.row.payer_user_id as PlayerId,
      itemId: line.item_id,
      quantity: line.quantity,
      priceMinor: line.price_minor,
      chargedMinor: payment.row.charged_minor,
    },
    wanted,
    order: order && knownOrderOf(order),
    player: player && isPlayerOf(player, line.app_id) ? player : null,
    item,
  })
  if (!decided.ok) return decided
  // From here on nothing may be refused.
  const draft = emptyDraft(locked, { apps: deps.apps, nowMs })
  const orderId = decided.value.takesNamedOrder ? line.order_id : newOrderId()
  const settled = applyDecision(draft, {
    ...paidFacts({ payment, line, wanted, orderId, order }),
    payment: lockedPaymentOf(locked),
    item,
    decision: {
      kind: 'grant',
      reward: decided.value.reward,
      price: { minor: line.price_minor, currency: line.currency },
    },
  })
  await writeDraft(tx, draft)
  await openHeldCalls(tx, payment.row.payment_id)
  await saveReviewEntry(tx, { ...entry.value, state: 'approved', closed_at_ms: nowMs })
  await recordApproval(tx, { request, payment, line, wanted, orderId, approval: decided.value, nowMs })
  return settled.outcome
}

/** The entry, when nothing has resolved it and no refund of its payment is under way. */
async function openEntry(
  tx: Tx,
  { payment, line, entryId }: { payment: NoticedPayment; line: Line; entryId: ReviewEntryId },
): Promise<Outcome<Entry>> {
  const entries = await selectReviewEntries(tx, payment.row.payment_id)
  const entry = entries.find((one) => one.entry_id === entryId)
  invariant(entry, `entry ${entryId} is of this payment`)
  if (entry.state !== 'open') return refuseClosed(entry)
  // One that failed may have been carried out all the same: its platform never said.
  const refunds = await selectRefundIntents(tx, payment.row.payment_id)
  if (refunds.some(({ state }) => state === 'open' || state === 'failed')) return refused('refund_under_way')
  const share = shareTaken(payment.causes, keptPaidLine(payment, line))
  return share.kind === 'whole' ? refused('already_refunded') : accepted(entry)
}

/** Orders, then players, as a delivery of the payment would lock them. */
async function lockWhatItGrants(
  tx: Tx,
  { payment, line, wanted }: { payment: NoticedPayment; line: Line; wanted: { playerId: PlayerId } },
): Promise<LockedSettlement> {
  const orders = await selectOrdersForUpdate(tx, { appId: line.app_id, orderIds: [line.order_id] })
  const held: LockedPayment = {
    row: payment.row,
    lines: new Map(payment.lines.map((one) => [one.line_no, one])),
    isNew: false,
    isStored: true,
    causes: payment.causes,
    payerIsErased: false,
    returnedLines: new Set(),
  }
  return {
    payments: [held],
    orders: new Map(orders.map((order) => [orderKey({ appId: order.app_id, orderId: order.order_id }), order])),
    players: await lockPlayers(tx, [wanted.playerId]),
    erased: new Map(),
    identityChanges: { adopted: [], transactionIds: [], unneeded: [], merged: [] },
  }
}

function lockedPaymentOf({ payments }: LockedSettlement): LockedPayment {
  const [payment] = payments
  invariant(payment, 'an approval holds its payment')
  return payment
}

/** The payment as it was proven when it came, for whom and what the person says; the money is what was paid. */
function paidFacts(about: {
  payment: NoticedPayment
  line: Line
  wanted: { playerId: PlayerId; itemId: number }
  orderId: OrderId
  order: Pick<Row<'orders'>, 'payment_channel' | 'payment_method'> | null
}) {
  const { payment, line, wanted, orderId, order } = about
  const lines = payment.lines.map((one) => ({
    lineNo: one.line_no,
    orderId: one === line ? orderId : one.order_id,
    itemId: one === line ? wanted.itemId : one.item_id,
    quantity: one.quantity,
    price: { minor: one.price_minor, currency: one.currency },
  }))
  const own = lines.find(({ lineNo }) => lineNo === line.line_no)
  invariant(own, 'a line is among those of its payment')
  return {
    verified: {
      appId: line.app_id,
      instance: payment.row.instance,
      environment: payment.row.environment,
      playerId: wanted.playerId,
      lines,
      ...chargedOf(payment.row),
      shown: { channel: order?.payment_channel ?? payment.row.instance, method: order?.payment_method ?? null },
    },
    line: own,
  }
}

function chargedOf(row: NoticedPayment['row']): { charged?: Charged } {
  const { charged_minor: totalMinor, tax_minor: taxMinor, discount_minor: discountMinor } = row
  return totalMinor === null ? {} : { charged: { totalMinor, taxMinor, discountMinor } }
}

async function recordApproval(
  tx: Tx,
  approved: {
    request: ApprovalRequest
    payment: NoticedPayment
    line: Line
    wanted: { playerId: PlayerId; itemId: number }
    orderId: OrderId
    approval: Approval
    nowMs: number
  },
): Promise<void> {
  const { request, payment, wanted, orderId, approval, nowMs } = approved
  await recordStaffAction(tx, {
    kind: 'approve',
    by: request.by,
    payment: payment.row,
    orderId,
    entryId: request.entryId,
    details: {
      uid: String(wanted.playerId),
      item_id: wanted.itemId,
      named_order_id: approved.line.order_id,
      makes_order: !approval.takesNamedOrder,
      stated_paid: request.isStatedPaid,
    },
    nowMs,
  })
}
