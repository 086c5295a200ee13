import {
  moneyLeft,
  REVERSAL_TYPES,
  type ReversalType,
  type SandboxPurchase,
  type SandboxReversalMessage,
} from '../channels/sandbox/index.ts'

/** What can be done with money that was paid, in the order of its buttons. */
export const PURCHASE_ACTIONS = [
  'refund',
  'refund-half',
  'reverse-refund',
  'open-dispute',
  'player-wins',
  'studio-wins',
  'tell-again',
] as const
export type PurchaseAction = (typeof PURCHASE_ACTIONS)[number]

/** A refund or a dispute as the platform keeps it: one id for its whole life, and what it last told of it. */
export interface KeptReversal extends Pick<SandboxReversalMessage, 'type' | 'reversal'> {
  readonly transaction_id: string
  /** Under which a refund was asked for by call; null for one by a button. */
  readonly key: string | null
}

/** A purchase with what became of it. */
export interface Standing {
  readonly purchase: SandboxPurchase
  readonly reversals: readonly KeptReversal[]
}

/** Something that happens to a purchase: a new refund or dispute, or the next step of one that is there. */
export interface Step {
  readonly type: ReversalType
  /** The one that it is a step of; null: a new one. */
  readonly of: KeptReversal | null
  readonly amountMinor: number | null
}

/** What a button does to a purchase; null where it can do nothing, or tells only what is known. */
export function stepOf(action: PurchaseAction, { purchase, reversals }: Standing): Step | null {
  const leftMinor = moneyLeft(purchase, reversals)
  const last = (type: ReversalType): KeptReversal | undefined => reversals.findLast((one) => one.type === type)
  const next = (type: ReversalType, of: KeptReversal | undefined): Step | null =>
    of ? { type, of, amountMinor: of.reversal.amount_minor } : null
  switch (action) {
    case 'refund':
      return refundStep({ purchase, reversals }, null)
    case 'refund-half':
      return refundStep({ purchase, reversals }, Math.floor(purchase.amount_minor / 2))
    case 'reverse-refund':
      return next('refund.reversed', last('refund.succeeded'))
    case 'open-dispute':
      if (leftMinor === null || last('dispute.opened')) return null
      return { type: 'dispute.opened', of: null, amountMinor: null }
    case 'player-wins':
      return next('dispute.lost', last('dispute.opened'))
    case 'studio-wins':
      return next('dispute.won', last('dispute.opened'))
    case 'tell-again':
      return null
  }
}

/** A refund of so much, or of all that is left; null where there is not so much. */
export function refundStep({ purchase, reversals }: Standing, amountMinor: number | null): Step | null {
  const leftMinor = moneyLeft(purchase, reversals)
  if (leftMinor === null) return null
  if (amountMinor === null) {
    return { type: 'refund.succeeded', of: null, amountMinor: leftMinor === purchase.amount_minor ? null : leftMinor }
  }
  if (amountMinor < 1 || amountMinor > leftMinor) return null
  return { type: 'refund.succeeded', of: null, amountMinor }
}

/** Takes a step. By the platform's clock no two things of one purchase happen at once, however fast they are told. */
export function take(
  { type, of, amountMinor }: Step,
  { purchase, reversals }: Standing,
  about: { newId: string; key: string | null; nowMs: number },
): KeptReversal {
  const last = Math.max(0, ...reversals.map(({ reversal }) => reversal.occurred_at_ms))
  return {
    type,
    transaction_id: purchase.transaction_id,
    key: of ? of.key : about.key,
    reversal: {
      id: of?.reversal.id ?? `${REVERSAL_TYPES[type].cause}_${about.newId}`,
      amount_minor: amountMinor,
      occurred_at_ms: Math.max(about.nowMs, last + 1),
    },
  }
}
