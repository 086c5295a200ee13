import type { PaymentLine, VerifiedPayment } from '../../channels/channel.ts'
import type { Database, Patience, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { insertMessages } from '../inbox/index.ts'
import { insertInviteRewards } from '../invites/index.ts'
import { insertOrders, type LockedOrder, updateOrders } from '../orders/index.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { type LockedPlayer, saveLockedPlayers } from '../players/index.ts'
import { type ActItem, type Catalogue, type Catalogues, itemAt } from '../store/index.ts'
import { insertLedgerTransactions } from '../wallet/index.ts'
import { applyDecision } from './apply-decision.ts'
import { standAsMerged } from './apply-notice.ts'
import { insertOrderReversals, mergeCauses } from './cause-queries.ts'
import { type LockedPayment, lockSettlement, orderKey } from './lock-settlement.ts'
import { insertOwedCalls, owedCallRow } from './owed-call-queries.ts'
import { contentId, keepEvent, OWN_QUESTIONS, withoutPerson } from './payment-event.ts'
import {
  deleteIdentities,
  insertPaymentEvents,
  insertPaymentLines,
  insertPayments,
  insertReviewEntries,
  nameThePayer,
  repointIdentity,
  saveStanding,
  setTransactionId,
} from './queries.ts'
import { decideLine, type KnownLine, type KnownOrder, type LineFacts, REFUNDED_BEFORE } from './rules.ts'
import type { Settlement } from './settlement.ts'
import { emptyDraft, type LineResult, type SettlementDraft } from './settlement-draft.ts'

export interface SettleDeps {
  readonly database: Database
  readonly apps: Apps
  readonly catalogues: Catalogues
  readonly clock: Clock
  /** Told of every message once what came of it is committed. */
  readonly count: (event: { kind: string; verdict: string }) => void
}

/**
 * Settles verified payments: each becomes a completed order with everything that it grants, once, or a refusal whose
 * money waits for a person. All of them share one transaction; gives the outcomes of each payment's lines, in order.
 * @throws StorageUnavailable when the database cannot take it, TransactionConflict when others held what it needed.
 */
export async function settlePayments(
  deps: SettleDeps,
  verified: readonly VerifiedPayment[],
  patience?: Patience,
): Promise<Outcome<Settlement>[][]> {
  const catalogues = await cataloguesOf(deps, verified)
  const { outcomes, events } = await deps.database.inTransaction(async (tx) => {
    const nowMs = deps.clock.nowMs()
    const locked = await lockSettlement(tx, { verified, nowMs })
    const draft = emptyDraft(locked, { apps: deps.apps, nowMs })
    const outcomes = verified.map((payment, index) => {
      const held = locked.payments[index]
      invariant(held, 'each verified payment has its row')
      return settleOne(draft, { verified: payment, held, catalogue: catalogues.get(payment.appId) })
    })
    // From here on nothing may be refused: what follows only writes down what was decided.
    await writeDraft(tx, draft)
    for (const { into, isSettled } of locked.identityChanges.merged) {
      if (isSettled) await standAsMerged(tx, { apps: deps.apps, paymentId: into, nowMs })
    }
    return { outcomes, events: draft.events }
  }, patience)
  for (const { event } of events) deps.count(event)
  return outcomes
}

/** Decides a payment's lines one after the other: an earlier line, or an earlier payment of the batch, counts. */
function settleOne(
  draft: SettlementDraft,
  payment: {
    verified: VerifiedPayment
    held: LockedPayment
    catalogue: Catalogue | undefined
  },
): Outcome<Settlement>[] {
  const { verified, held, catalogue } = payment
  const isNew = held.isNew && !draft.newPayments.has(held)
  let isNews = isNew
  const results = verified.lines.map((line): LineResult => {
    const item = catalogue ? itemAt(catalogue, { itemId: line.itemId, nowMs: draft.nowMs }) : null
    const decision = decideLine({ ...factsOf(draft, { verified, line, held, isNew }), item })
    if (decision.kind === 'contradiction') isNews = true
    return applyDecision(draft, { verified, line, payment: held, item, decision })
  })
  if (isNew) draft.newPayments.add(held)
  noteOwedCalls(draft, { verified, held })
  // Every callback is kept; an answer to a question of our own when it tells something new.
  if (!isNews && OWN_QUESTIONS.has(verified.evidence.kind)) return results.map((result) => result.outcome)
  const [first] = results
  invariant(first, 'a verified payment has at least one line')
  const hasOrder = draft.locked.orders.has(orderKey({ appId: verified.appId, orderId: first.orderId }))
  const verdicts = new Set(results.map((result) => result.verdict))
  const kept = keepEvent(verified, {
    verdict: verdicts.size === 1 ? [...verdicts].join() : 'mixed',
    paymentId: held.row.payment_id,
    orderId: hasOrder ? first.orderId : null,
  })
  // Whoever shows what contradicts the books may show it again and again.
  const eventId = isNew ? null : contentId(verified)
  if (eventId !== null) kept.event.event_id = eventId
  const isOfErased = [verified.playerId, held.row.payer_user_id].some(
    (playerId) => draft.locked.erased.get(playerId) === verified.appId,
  )
  draft.events.push(isOfErased ? withoutPerson(kept) : kept)
  return results.map((result) => result.outcome)
}

/**
 * What a platform waits for is owed once a line is granted, and waits with money that a person decides about. By how the
 * lines stand, not by this delivery: what came to nothing is told again too.
 */
function noteOwedCalls(
  draft: SettlementDraft,
  { verified, held }: { verified: VerifiedPayment; held: LockedPayment },
): void {
  const { owed = [] } = verified
  const lines = [...held.lines.values()]
  if (owed.length === 0 || lines.some(({ refusal }) => refusal === REFUNDED_BEFORE)) return
  const isGranted = lines.some(({ standing }) => standing === 'granted')
  const about = { source: verified, paymentId: held.row.payment_id, nowMs: draft.nowMs }
  for (const call of owed) draft.owedCalls.push(owedCallRow(call, { ...about, state: isGranted ? 'open' : 'held' }))
}

function factsOf(
  draft: SettlementDraft,
  about: { verified: VerifiedPayment; line: PaymentLine; held: LockedPayment; isNew: boolean },
): Omit<LineFacts, 'item'> {
  const { verified, line, held } = about
  const { charged } = verified
  const player = draft.locked.players.get(verified.playerId)
  const order = draft.locked.orders.get(orderKey({ appId: verified.appId, orderId: line.orderId }))
  const knownLine = held.lines.get(line.lineNo)
  return {
    claim: {
      ...line,
      playerId: verified.playerId,
      isUnclaimed: verified.isUnclaimed ?? false,
      ...(charged ? { chargedMinor: charged.totalMinor } : {}),
    },
    priceRule: verified.priceRule ?? 'order',
    known: about.isNew ? 'new' : knownLine ? knownLineOf(held, knownLine) : 'unknown_line',
    order: order ? knownOrderOf(order) : null,
    player: player && isPlayerOf(player, verified.appId) ? player : null,
  }
}

export function isPlayerOf(player: LockedPlayer, appId: AppId): boolean {
  return player.app_id === appId && player.status === 'active'
}

function knownLineOf(held: LockedPayment, line: Row<'payment_lines'>): KnownLine {
  return {
    payerUserId: held.row.payer_user_id,
    orderId: line.order_id,
    itemId: line.item_id,
    quantity: line.quantity,
    priceMinor: line.price_minor,
    currency: line.currency,
    standing: line.standing,
    refusal: line.refusal as KnownLine['refusal'],
    grantedOrderId: line.granted_order_id,
  }
}

export function knownOrderOf(order: LockedOrder): KnownOrder {
  return {
    playerId: order.user_id,
    itemId: order.item_id,
    quantity: order.quantity,
    status: order.status,
    terms: order.terms,
    price: { minor: order.price_minor, currency: order.currency },
    rewardTerms: {
      // An order shows what all its pieces give; terms speak of one piece.
      coins: order.coins / order.quantity,
      tokensBase: order.tokens_base,
      bonusPercent: order.bonus_percent,
      firstChargeBonusPercent: order.first_charge_bonus_percent,
      actItems: JSON.parse(order.act_items) as ActItem[],
    },
    wasGranted: order.granted_payment_id !== null,
  }
}

/** Writes everything that a draft has collected. */
export async function writeDraft(tx: Tx, draft: SettlementDraft): Promise<void> {
  const { identityChanges } = draft.locked
  for (const adopted of identityChanges.adopted) await repointIdentity(tx, adopted)
  for (const told of identityChanges.transactionIds) await setTransactionId(tx, told)
  await deleteIdentities(tx, identityChanges.unneeded)
  for (const merged of identityChanges.merged) await mergeCauses(tx, { ...merged, nowMs: draft.nowMs })
  const [stored, made] = [
    [...draft.newPayments].filter((one) => one.isStored),
    [...draft.newPayments].filter((one) => !one.isStored),
  ]
  for (const { row } of stored) await nameThePayer(tx, row)
  await insertPayments(
    tx,
    made.map((payment) => payment.row),
  )
  await insertPaymentLines(tx, draft.newLines)
  for (const line of draft.changedLines) await saveStanding(tx, line)
  await insertOrders(tx, [...draft.newOrders])
  await updateOrders(
    tx,
    [...draft.changedOrders].filter((order) => !draft.newOrders.has(order)),
  )
  await insertLedgerTransactions(tx, draft.ledger)
  await saveLockedPlayers(tx, [...draft.changedPlayers])
  await insertMessages(tx, draft.messages)
  await insertOrderReversals(tx, draft.newReversals)
  await insertInviteRewards(tx, draft.inviteRewards)
  await insertOutboxEvents(tx, draft.outbox)
  await insertReviewEntries(tx, draft.reviewEntries)
  await insertPaymentEvents(tx, draft.events)
  await insertOwedCalls(tx, draft.owedCalls)
}

// Before the transaction: inside it, waiting for another connection could starve the pool.
async function cataloguesOf(deps: SettleDeps, verified: readonly VerifiedPayment[]): Promise<Map<AppId, Catalogue>> {
  const catalogues = new Map<AppId, Catalogue>()
  for (const { appId } of verified) {
    if (!catalogues.has(appId)) catalogues.set(appId, await deps.catalogues.of(appId))
  }
  return catalogues
}
