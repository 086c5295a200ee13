import type { PaymentFacts, PaymentLine } from '../../channels/channel.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Outcome } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import type { LockedOrder } from '../orders/index.ts'
import type { LockedPlayer } from '../players/index.ts'
import type { StoreItem } from '../store/index.ts'
import { type LockedPayment, type LockedSettlement, orderKey } from './lock-settlement.ts'
import type { OwedCallRow } from './owed-call-queries.ts'
import type { KeptEvent } from './payment-event.ts'
import type { ReversalDraft } from './reverse-grant.ts'
import type { Decision } from './rules.ts'
import type { Settlement } from './settlement.ts'

/** What a settlement is going to write, collected in memory and written in as few statements as there are tables. */
export interface SettlementDraft extends ReversalDraft {
  readonly locked: LockedSettlement
  readonly apps: Apps
  readonly newPayments: Set<LockedPayment>
  readonly newLines: NewRow<'payment_lines'>[]
  /** Lines that waited for a person and were approved. */
  readonly changedLines: Set<Row<'payment_lines'>>
  readonly newOrders: Set<LockedOrder>
  readonly messages: NewRow<'inbox_messages'>[]
  readonly inviteRewards: NewRow<'invite_rewards'>[]
  readonly reviewEntries: NewRow<'review_entries'>[]
  readonly events: KeptEvent[]
  readonly owedCalls: OwedCallRow[]
}

export function emptyDraft(locked: LockedSettlement, { apps, nowMs }: { apps: Apps; nowMs: number }): SettlementDraft {
  return {
    locked,
    apps,
    nowMs,
    newPayments: new Set(),
    newLines: [],
    changedLines: new Set(),
    newOrders: new Set(),
    changedOrders: new Set(),
    changedPlayers: new Set(),
    ledger: [],
    messages: [],
    inviteRewards: [],
    outbox: [],
    reviewEntries: [],
    events: [],
    owedCalls: [],
    newReversals: [],
    restoredReversals: [],
    changedMessages: new Set(),
  }
}

/** Proven facts, as far as writing down a decision needs them: a delivery's, or those that were kept of one. */
export type DecidedFacts = Omit<PaymentFacts, 'evidence' | 'transactionId' | 'otherIds' | 'factsAreIdentity' | 'owed'>

/** One decided line with everything that it concerns. */
export interface DecidedLine {
  readonly verified: DecidedFacts
  readonly line: PaymentLine
  readonly payment: LockedPayment
  readonly item: StoreItem | null
  readonly decision: Decision
}

/** What a line came to: the answer to its caller and the verdict that the event keeps. */
export interface LineResult {
  readonly verdict: string
  /** The order that answers for the line: the named one, or the one that an approval granted it to. */
  readonly orderId: OrderId
  readonly outcome: Outcome<Settlement>
}

/** The order that a line names, under lock. */
export function orderOf(draft: SettlementDraft, { verified, line }: DecidedLine): LockedOrder | undefined {
  return draft.locked.orders.get(orderKey({ appId: verified.appId, orderId: line.orderId }))
}

export function grantedOrder(
  draft: SettlementDraft,
  { verified }: DecidedLine,
  orderId: LockedOrder['order_id'],
): LockedOrder {
  const order = draft.locked.orders.get(orderKey({ appId: verified.appId, orderId }))
  invariant(order, `order ${orderId} was granted, so it is there`)
  return order
}

export function playerOf(draft: SettlementDraft, { verified }: DecidedLine): LockedPlayer {
  const player = draft.locked.players.get(verified.playerId)
  invariant(player, `player ${verified.playerId} is locked before anything is decided`)
  return player
}
