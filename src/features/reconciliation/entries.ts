import type { ReportRow } from '../../channels/channel.ts'
import type { CauseState, ReversalCause } from '../../db/schema.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { type Money, minorUnits } from '../../kernel/money.ts'
import { idsOfPayment, type Names, type Understood } from '../payments/index.ts'

/** One thing that a platform tells, from its list or from a report, in one form. */
export interface Entry {
  readonly kind: ReportRow['kind']
  readonly names: Names
  readonly orderId: OrderId | null
  readonly amount: Money | null
  readonly occurredAtMs: number | null
  /** Of what goes back; null for what was paid. */
  readonly reversal: {
    readonly cause: ReversalCause
    readonly state: CauseState
    readonly causeId: string | null
  } | null
  /** What proves it; null for the line of a report. */
  readonly message: Exclude<Understood, { kind: 'failure' }> | null
}

const REVERSALS = {
  refunded: { cause: 'refund', state: 'taken' },
  refund_undone: { cause: 'refund', state: 'undone' },
  disputed: { cause: 'dispute', state: 'open' },
  dispute_lost: { cause: 'dispute', state: 'taken' },
  dispute_won: { cause: 'dispute', state: 'undone' },
} as const satisfies Record<Exclude<ReportRow['kind'], 'paid'>, { cause: ReversalCause; state: CauseState }>

export function entryOfRow(row: ReportRow, scope: Omit<Names, 'ids' | 'orderId'>): Entry {
  const { kind, ids, orderId, amount, occurredAtMs } = row
  const reversal = kind === 'paid' ? null : { ...REVERSALS[kind], causeId: null }
  return { kind, names: { ...scope, ids, orderId }, orderId, amount, occurredAtMs, reversal, message: null }
}

export function entryOfMessage(message: NonNullable<Entry['message']>): Entry {
  if (message.kind === 'payment') {
    const { payment } = message
    const { appId, instance, environment, lines, charged } = payment
    const [line] = lines
    const sum = lines.reduce((total, { price }) => total + price.minor, 0)
    return {
      kind: 'paid',
      names: { appId, instance, environment, ids: idsOfPayment(payment) },
      orderId: line?.orderId ?? null,
      amount: line ? { minor: charged?.totalMinor ?? minorUnits(sum), currency: line.price.currency } : null,
      ...{ occurredAtMs: null, reversal: null, message },
    }
  }
  const { notice } = message
  const { appId, instance, environment, paymentIds, orderId = null, cause, causeId, state, amount } = notice
  const kinds = Object.keys(REVERSALS) as (keyof typeof REVERSALS)[]
  const kind = kinds.find((one) => REVERSALS[one].cause === cause && REVERSALS[one].state === state)
  return {
    // A refund that is only asked for is none of ours: no money has moved.
    kind: kind ?? 'refund_undone',
    names: { appId, instance, environment, ids: paymentIds, orderId },
    ...{ orderId, amount, occurredAtMs: notice.occurredAtMs },
    ...{ reversal: { cause, state, causeId }, message },
  }
}
