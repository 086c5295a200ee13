import type { NewRow } from '../../db/schema.ts'
import { newReviewEntryId } from '../../kernel/ids.ts'
import { unreachable } from '../../kernel/invariant.ts'
import { type Money, minorUnits } from '../../kernel/money.ts'
import { accepted, refused } from '../../kernel/outcome.ts'
import { rewardMessage } from '../inbox/index.ts'
import { dueInviteReward } from '../invites/index.ts'
import { type LockedOrder, makeOpenOrder, recordOrderState, takeTerms } from '../orders/index.ts'
import type { LockedPlayer } from '../players/index.ts'
import type { Reward } from '../store/index.ts'
import { inboxAccount, type Posting, playerAccount, postLedgerTransaction } from '../wallet/index.ts'
import { orderKey } from './lock-settlement.ts'
import { REFUNDED_BEFORE, type SettlementRefusal } from './rules.ts'
import { settlementOf } from './settlement.ts'
import {
  type DecidedLine,
  grantedOrder,
  type LineResult,
  orderOf,
  playerOf,
  type SettlementDraft,
} from './settlement-draft.ts'
import { isGivenBack, refundedSettlement, standAsTold } from './stand-as-told.ts'

type LineRefusal = SettlementRefusal | typeof REFUNDED_BEFORE

/** Writes a decision down in the draft. Nothing can be refused here: that was decided before. */
export function applyDecision(draft: SettlementDraft, decided: DecidedLine): LineResult {
  const { decision, line } = decided
  const orderId = decision.kind === 'replay' ? decision.orderId : line.orderId
  return { orderId, ...writeDown(draft, decided) }
}

function writeDown(draft: SettlementDraft, decided: DecidedLine): Omit<LineResult, 'orderId'> {
  const { decision, line } = decided
  switch (decision.kind) {
    case 'grant':
      return isGivenBack(decided)
        ? bookAsRefunded(draft, decided)
        : grant(draft, { ...decided, line: { ...line, price: decision.price } }, decision.reward)
    case 'replay':
      return {
        verdict: 'replayed',
        outcome: accepted(settlementOf(grantedOrder(draft, decided, decision.orderId), { replayed: true })),
      }
    case 'duplicate':
      if (decision.isNew) {
        addLine(draft, decided, { standing: 'duplicate', refusal: null })
        addReviewEntry(draft, decided, {
          reason: 'duplicate_charge',
          state: isGivenBack(decided) ? 'refunded' : 'open',
        })
      }
      return {
        verdict: decision.isNew ? 'duplicate_charge' : 'replayed',
        outcome: accepted(settlementOf(grantedOrder(draft, decided, decided.line.orderId), { replayed: true })),
      }
    case 'review_order':
      putOrderInReview(draft, decided, decision.refusal)
      return queue(draft, decided, decision.refusal)
    case 'review_money':
      return queue(draft, decided, decision.refusal)
    case 'refuse_again':
      if (decision.refusal === REFUNDED_BEFORE) {
        return { verdict: 'replayed', outcome: accepted(refundedSettlement(draft, decided, { replayed: true })) }
      }
      return refusedLine(decision.refusal, { isReturned: decided.payment.returnedLines.has(decided.line.lineNo) })
    case 'contradiction':
      return { verdict: 'order_conflict', outcome: refused('order_conflict') }
    default:
      return unreachable(decision, 'decision')
  }
}

function grant(draft: SettlementDraft, decided: DecidedLine, reward: Reward): Omit<LineResult, 'orderId'> {
  const { line, payment, verified } = decided
  const { nowMs } = draft
  const player = playerOf(draft, decided)
  const existing = orderOf(draft, decided)
  const order = existing ?? addOrder(draft, decided, { status: 'completed', price: line.price })
  if (existing?.terms === 'open' && decided.item) takeTerms(existing, decided.item)
  Object.assign(order, {
    price_minor: line.price.minor,
    currency: line.price.currency,
    coins: reward.coins,
    tokens: reward.tokensBase + reward.tokensBonus,
    is_first_charge: reward.isFirstCharge ? 1 : 0,
    first_charge_of: reward.isFirstCharge ? player.user_id : null,
    granted_payment_id: payment.row.payment_id,
    granted_at_ms: nowMs,
    environment: verified.environment,
    payment_channel: verified.shown.channel,
    payment_method: verified.shown.method,
    error_code: null,
  } satisfies Partial<LockedOrder>)
  if (reward.isFirstCharge) player.first_charge_order_id = order.order_id
  draft.ledger.push(
    postLedgerTransaction(player, {
      kind: 'order_grant',
      sourceId: order.order_id,
      postings: grantPostings(player, reward),
      nowMs,
    }),
  )
  const message = rewardMessage(order, nowMs)
  if (message) draft.messages.push(message)
  if (reward.isFirstCharge) noteInvitation(draft, { player, order })
  order.balance_coins_after = player.coins
  order.balance_tokens_after = player.tokens
  draft.outbox.push(
    recordOrderState(
      existing ? { order, player, nowMs, from: order.status, to: 'completed' } : { order, player, nowMs, from: null },
    ),
  )
  if (existing) draft.changedOrders.add(order)
  draft.changedPlayers.add(player)
  addLine(draft, decided, { standing: 'granted', refusal: null })
  if (payment.causes.length > 0) standAsTold(draft, decided, { order, player, message })
  return { verdict: 'granted', outcome: accepted(settlementOf(order, { replayed: false })) }
}

/** Grants nothing: the order shows what was bought and that the money went back; should that be undone, a person decides. */
function bookAsRefunded(draft: SettlementDraft, decided: DecidedLine): Omit<LineResult, 'orderId'> {
  putOrderInReview(draft, decided, REFUNDED_BEFORE)
  addLine(draft, decided, { standing: 'review', refusal: REFUNDED_BEFORE })
  addReviewEntry(draft, decided, { reason: REFUNDED_BEFORE, state: 'refunded' })
  return { verdict: 'refunded', outcome: accepted(refundedSettlement(draft, decided, { replayed: false })) }
}

/** A player's first charge makes the reward of their invitation due, where the app has one. */
function noteInvitation(draft: SettlementDraft, { player, order }: { player: LockedPlayer; order: LockedOrder }): void {
  if (!draft.apps.find(player.app_id)?.invite) return
  const due = dueInviteReward(player, { orderId: order.order_id, nowMs: draft.nowMs })
  if (due) draft.inviteRewards.push(due)
}

/** Coins go to the wallet at once; tokens, base and bonus apart, wait in the inbox. */
function grantPostings(player: LockedPlayer, reward: Reward): Posting[] {
  const wallet = playerAccount(player.user_id)
  const inbox = inboxAccount(player.user_id)
  const postings: Posting[] = [
    { from: 'sales', to: wallet, currency: 'coins', amount: reward.coins },
    { from: 'sales', to: inbox, currency: 'tokens', amount: reward.tokensBase },
    { from: 'bonus', to: inbox, currency: 'tokens', amount: reward.tokensBonus },
  ]
  return postings.filter((posting) => posting.amount > 0)
}

/**
 * An order that is put in review by money that went back already, or does at once, is refunded at once. One that is in review before
 * waits there for other money.
 */
function putOrderInReview(draft: SettlementDraft, decided: DecidedLine, refusal: LineRefusal): void {
  const { nowMs } = draft
  const player = playerOf(draft, decided)
  const existing = orderOf(draft, decided)
  if (existing?.status === 'review') return
  const order = existing ?? addOrder(draft, decided, { status: 'review', price: expectedPrice(decided) })
  order.error_code = refusal
  order.environment = decided.verified.environment
  order.payment_channel = decided.verified.shown.channel
  order.payment_method = decided.verified.shown.method
  draft.outbox.push(
    recordOrderState(
      existing ? { order, player, nowMs, from: order.status, to: 'review' } : { order, player, nowMs, from: null },
    ),
  )
  if (isGivenBack(decided) || isReturned(decided))
    draft.outbox.push(recordOrderState({ order, player, nowMs, from: 'review', to: 'refunded' }))
  if (existing) draft.changedOrders.add(order)
  draft.changedPlayers.add(player)
}

/** What the catalogue asks in the currency that was paid; where it has no such price, what was paid. */
function expectedPrice({ item, line }: DecidedLine): Money {
  const unitMinor = item?.prices.get(line.price.currency)
  return unitMinor === undefined
    ? line.price
    : { minor: minorUnits(unitMinor * line.quantity), currency: line.price.currency }
}

function queue(draft: SettlementDraft, decided: DecidedLine, refusal: SettlementRefusal): Omit<LineResult, 'orderId'> {
  addLine(draft, decided, { standing: 'review', refusal })
  const state = isGivenBack(decided) ? 'refunded' : isReturned(decided) ? 'returned' : 'open'
  addReviewEntry(draft, decided, { reason: refusal, state })
  return refusedLine(refusal, { isReturned: state === 'returned' })
}

function refusedLine(refusal: SettlementRefusal, { isReturned }: { isReturned: boolean }): Omit<LineResult, 'orderId'> {
  return { verdict: refusal, outcome: refused(refusal, isReturned ? { isReturned } : {}) }
}

/** Whether the platform of money that cannot be granted gives it back: no person has to. */
function isReturned({ verified }: DecidedLine): boolean {
  return verified.reviewAnswer === 'refuse'
}

function addOrder(
  draft: SettlementDraft,
  { verified, line, item }: DecidedLine,
  { status, price }: { status: 'completed' | 'review'; price: Money },
): LockedOrder {
  const player = draft.locked.players.get(verified.playerId)
  const order = makeOpenOrder({
    appId: verified.appId,
    orderId: line.orderId,
    playerId: verified.playerId,
    itemId: line.itemId,
    item,
    quantity: line.quantity,
    price,
    isFirstCharge: player?.first_charge_order_id === null,
    status,
    environment: verified.environment,
    nowMs: draft.nowMs,
  })
  draft.newOrders.add(order)
  draft.locked.orders.set(orderKey({ appId: verified.appId, orderId: line.orderId }), order)
  return order
}

function addLine(
  draft: SettlementDraft,
  { verified, line, payment }: DecidedLine,
  { standing, refusal }: Pick<NewRow<'payment_lines'>, 'standing' | 'refusal'>,
): void {
  const known = payment.lines.get(line.lineNo)
  if (known) {
    // An approval: what the payment said stays as it was said, whichever order it is granted to.
    Object.assign(known, { standing, refusal: null, granted_order_id: line.orderId } satisfies Partial<typeof known>)
    draft.changedLines.add(known)
    return
  }
  const row = {
    payment_id: payment.row.payment_id,
    line_no: line.lineNo,
    app_id: verified.appId,
    order_id: line.orderId,
    item_id: line.itemId,
    quantity: line.quantity,
    price_minor: line.price.minor,
    currency: line.price.currency,
    standing,
    refusal: refusal ?? null,
    granted_order_id: standing === 'granted' ? line.orderId : null,
  }
  payment.lines.set(line.lineNo, row)
  draft.newLines.push(row)
}

function addReviewEntry(
  draft: SettlementDraft,
  { verified, line, payment }: DecidedLine,
  { reason, state }: { reason: string; state: 'open' | 'refunded' | 'returned' },
): void {
  draft.reviewEntries.push({
    entry_id: newReviewEntryId(),
    payment_id: payment.row.payment_id,
    line_no: line.lineNo,
    app_id: verified.appId,
    order_id: line.orderId,
    user_id: verified.playerId,
    reason,
    state,
    created_at_ms: draft.nowMs,
    closed_at_ms: state === 'open' ? null : draft.nowMs,
  })
}
