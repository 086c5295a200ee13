import type { NewRow, Row } from '../../db/schema.ts'
import { isoTime } from '../../kernel/clock.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type LockedOrder, recordOrderState } from '../orders/index.ts'
import { appendEvent } from '../outbox/index.ts'
import type { LockedPlayer } from '../players/index.ts'
import {
  inboxAccount,
  type LedgerTransaction,
  type Posting,
  playerAccount,
  postLedgerTransaction,
} from '../wallet/index.ts'
import {
  type Cause,
  hasOpenDispute,
  hasUnclearAmount,
  type PaidLine,
  planReversal,
  type Taken,
} from './reversal-rules.ts'

/** What a reversal is going to write, collected in memory. */
export interface ReversalDraft {
  readonly nowMs: number
  readonly changedOrders: Set<LockedOrder>
  readonly changedPlayers: Set<LockedPlayer>
  readonly ledger: LedgerTransaction[]
  readonly outbox: NewRow<'outbox_events'>[]
  readonly newReversals: Row<'order_reversals'>[]
  readonly restoredReversals: Row<'order_reversals'>[]
  readonly changedMessages: Set<RewardMessage>
}

/** A reward's message under the player's lock, as far as reversals change it. */
export type RewardMessage = Pick<
  Row<'inbox_messages'>,
  'message_id' | 'tokens' | 'tokens_taken' | 'state' | 'claimed_at_ms'
>

/** A granted order with everything that a reversal of it must know, under lock. */
export interface HeldGrant {
  readonly order: LockedOrder
  readonly player: LockedPlayer
  /** Null where the order owed nothing beside its coins. */
  readonly message: RewardMessage | null
  readonly line: PaidLine
  readonly causes: readonly Cause[]
  /** What was taken from it before, restored or not. */
  readonly reversals: Row<'order_reversals'>[]
  readonly refundPolicy: 'debt' | 'cap'
}

/** What became of a grant, as the kept message says it. */
export type ReversalVerdict =
  | 'refunded'
  | 'partly_refunded'
  | 'restored'
  | 'disputed'
  | 'dispute_won'
  | 'unclear_amount'
  | 'unchanged'

/**
 * Brings a grant to where its payment stands: gives back what no refund or lost dispute holds any more, takes what they
 * do, and moves the order's state. Exact both ways: what is taken is remembered with where it was taken from.
 */
export function bringToStanding(
  draft: ReversalDraft,
  held: HeldGrant,
  latest: Pick<Cause, 'cause' | 'causeId'>,
): ReversalVerdict {
  const { order, player, line } = held
  const standing = held.reversals.filter((row) => row.restored_at_ms === null)
  const { restore, take, isWhole } = planReversal({
    causes: held.causes,
    taken: standing.map(takenOf),
    grant: { coins: order.coins, tokens: order.tokens },
    line,
    latest,
  })
  for (const { reversalNo } of restore) {
    const row = standing.find((one) => one.reversal_no === reversalNo)
    invariant(row, `reversal ${reversalNo} of order ${order.order_id} stands`)
    giveBack(draft, held, row)
  }
  if (take) takeBack(draft, held, { ...take, isWhole })
  const before = order.status
  moveOrder(draft, held, isWhole ? 'refunded' : hasOpenDispute(held.causes, line) ? 'disputed' : 'completed')
  if (!isWhole && (take || restore.length > 0)) tellWhatIsTaken(draft, held)
  if (!isWhole && hasUnclearAmount(held.causes, line)) {
    // Nobody can say how much of the grant that is: the flag and the verdict bring it before a person.
    player.flagged_at_ms ??= draft.nowMs
    draft.changedPlayers.add(player)
    return 'unclear_amount'
  }
  return verdictOf({ before, after: order.status, took: take !== null, gaveBack: restore.length > 0 })
}

/** Of an order that is not refunded no change of its state says how much of it is gone. */
function tellWhatIsTaken(draft: ReversalDraft, { order, player, reversals }: HeldGrant): void {
  const { nowMs } = draft
  const standing = reversals.filter((row) => row.restored_at_ms === null)
  const payload = {
    order_id: order.order_id,
    uid: String(order.user_id),
    order_status: order.status,
    coins: order.coins,
    tokens: order.tokens,
    coins_taken: standing.reduce((sum, row) => sum + row.coins, 0),
    tokens_taken: standing.reduce((sum, row) => sum + row.tokens, 0),
    occurred_at: isoTime(nowMs),
  }
  draft.outbox.push(appendEvent(player, { type: 'refund.partial', order: null, payload, nowMs }))
  draft.changedPlayers.add(player)
}

function verdictOf(change: { before: string; after: string; took: boolean; gaveBack: boolean }): ReversalVerdict {
  const { before, after, took, gaveBack } = change
  if (after === 'refunded' && before !== 'refunded') return 'refunded'
  if (after === 'disputed' && before !== 'disputed') return 'disputed'
  if (gaveBack || before === 'refunded') return after === 'refunded' ? 'unchanged' : 'restored'
  if (took) return 'partly_refunded'
  return before === 'disputed' && after === 'completed' ? 'dispute_won' : 'unchanged'
}

function takenOf(row: Row<'order_reversals'>): Taken {
  return {
    reversalNo: row.reversal_no,
    cause: row.cause,
    causeId: row.cause_id,
    coins: row.coins,
    tokens: row.tokens,
    hasWithdrawn: row.message_withdrawn === 1,
  }
}

/** From where the value is now to `refund`; what is no longer there leaves a debt, or is written off. */
function takeBack(
  draft: ReversalDraft,
  held: HeldGrant,
  take: { coins: number; tokens: number; by: Pick<Cause, 'cause' | 'causeId'>; isWhole: boolean },
): void {
  const { order, player, message } = held
  const { nowMs } = draft
  const waits = message?.state === 'unclaimed'
  const fromInbox = waits ? Math.min(take.tokens, message.tokens - message.tokens_taken) : 0
  const owed = { coins: shortage(player.coins, take.coins), tokens: shortage(player.tokens, take.tokens - fromInbox) }
  const isCapped = held.refundPolicy === 'cap'
  const row: Row<'order_reversals'> = {
    app_id: order.app_id,
    order_id: order.order_id,
    reversal_no: held.reversals.length + 1,
    payment_id: order.granted_payment_id ?? invariantGranted(order),
    cause: take.by.cause,
    cause_id: take.by.causeId,
    coins: take.coins,
    tokens: take.tokens,
    tokens_from_inbox: fromInbox,
    coins_written_off: isCapped ? owed.coins : 0,
    tokens_written_off: isCapped ? owed.tokens : 0,
    message_withdrawn: waits && take.isWhole ? 1 : 0,
    taken_at_ms: nowMs,
    restored_at_ms: null,
  }
  if (waits) {
    if (take.isWhole) message.state = 'withdrawn'
    else message.tokens_taken += fromInbox
    draft.changedMessages.add(message)
  }
  if (owed.coins > 0 || owed.tokens > 0) player.flagged_at_ms ??= nowMs
  book(draft, held, { kind: 'order_refund', row, postings: postingsOf(player, row) })
  held.reversals.push(row)
  draft.newReversals.push(row)
}

function invariantGranted(order: LockedOrder): never {
  throw new Error(`order ${order.order_id} was never granted, and nothing of it can be taken`)
}

/** What a balance lacks for an amount to be taken from it: a debt from before is not of this refund. */
function shortage(balance: number, amount: number): number {
  return Math.max(0, amount - Math.max(0, balance))
}

/** The exact opposite of what was taken, but for a message that was claimed meanwhile: its rest goes where it went. */
function giveBack(draft: ReversalDraft, held: HeldGrant, row: Row<'order_reversals'>): void {
  const { player, message } = held
  const postings = postingsOf(player, row).map((posting): Posting => {
    const { from: to, to: from, currency, amount } = posting
    const isGone = to === inboxAccount(player.user_id) && !canGoBack(message, row)
    return { from, to: isGone ? playerAccount(player.user_id) : to, currency, amount }
  })
  if (message && canGoBack(message, row)) {
    if (row.message_withdrawn === 1) message.state = 'unclaimed'
    else message.tokens_taken -= row.tokens_from_inbox
    draft.changedMessages.add(message)
  }
  row.restored_at_ms = draft.nowMs
  book(draft, held, { kind: 'order_restore', row, postings: postings.toReversed() })
  if (!draft.newReversals.includes(row)) draft.restoredReversals.push(row)
}

function canGoBack(message: RewardMessage | null, row: Row<'order_reversals'>): boolean {
  return message !== null && message.state === (row.message_withdrawn === 1 ? 'withdrawn' : 'unclaimed')
}

function postingsOf(player: LockedPlayer, row: Row<'order_reversals'>): Posting[] {
  const wallet = playerAccount(player.user_id)
  const postings: Posting[] = [
    { from: wallet, to: 'refund', currency: 'coins', amount: row.coins },
    { from: inboxAccount(player.user_id), to: 'refund', currency: 'tokens', amount: row.tokens_from_inbox },
    { from: wallet, to: 'refund', currency: 'tokens', amount: row.tokens - row.tokens_from_inbox },
    { from: 'write_off', to: wallet, currency: 'coins', amount: row.coins_written_off },
    { from: 'write_off', to: wallet, currency: 'tokens', amount: row.tokens_written_off },
  ]
  return postings.filter((posting) => posting.amount > 0)
}

function book(
  draft: ReversalDraft,
  { order, player }: HeldGrant,
  entry: { kind: 'order_refund' | 'order_restore'; row: Row<'order_reversals'>; postings: readonly Posting[] },
): void {
  const { kind, row, postings } = entry
  draft.changedPlayers.add(player)
  // An order that gave nothing but its act_items moves none.
  if (postings.length === 0) return
  const sourceId = `${order.order_id} ${row.reversal_no}`
  draft.ledger.push(postLedgerTransaction(player, { kind, sourceId, postings, nowMs: draft.nowMs }))
}

/** Through the table of states, and by `completed` where it knows no direct way. */
function moveOrder(
  draft: ReversalDraft,
  { order, player }: HeldGrant,
  to: 'completed' | 'disputed' | 'refunded',
): void {
  const ways = order.status === 'refunded' && to === 'disputed' ? (['completed', 'disputed'] as const) : [to]
  for (const next of ways) {
    if (order.status === next) continue
    if (order.status === 'disputed') player.open_disputes -= 1
    if (next === 'disputed') player.open_disputes += 1
    draft.outbox.push(recordOrderState({ order, player, nowMs: draft.nowMs, from: order.status, to: next }))
    draft.changedOrders.add(order)
    draft.changedPlayers.add(player)
  }
}
