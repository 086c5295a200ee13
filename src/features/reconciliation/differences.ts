import { type Money, minorUnits } from '../../kernel/money.ts'
import type { BookedPayment } from '../payments/index.ts'
import type { Entry } from './entries.ts'

/** What can be at odds between a platform and our books. */
export const DIFFERENCE_KINDS = [
  /** Paid there, and not known here. */
  'missing_here',
  /** In our books, and not paid there. */
  'unknown_there',
  /** The same payment or refund, of another sum or in another currency. */
  'amount_differs',
  /** Given back there; here it stands. */
  'refund_missing_here',
  /** Given back here; there it is paid. */
  'refund_unknown_there',
  /** Disputed, or decided so, there; here it is not. */
  'dispute_missing_here',
  /** Disputed here and not there. */
  'dispute_unknown_there',
] as const
export type DifferenceKind = (typeof DIFFERENCE_KINDS)[number]

/** How something stands on one side. */
export interface Side {
  readonly state: string
  /** Null where nobody says, which means all of it for what went back. */
  readonly minor: number | null
  readonly currency: string | null
}

export interface Difference {
  readonly kind: DifferenceKind
  /** The platform's ids of the payment. */
  readonly ids: readonly string[]
  readonly orderId: string | null
  /** Ours; null where we know none. */
  readonly paymentId: string | null
  readonly there: Side | null
  readonly here: Side | null
  readonly occurredAtMs: number | null
  /** True where it was taken in: it is no difference any more. */
  readonly isHealed: boolean
}

/** What a payment of the books came to: what was charged, or the sum of its lines. */
export function paidOf(payment: BookedPayment): Money | null {
  const [line] = payment.lines
  if (!line) return null
  const sum = payment.lines.reduce((total, { price_minor: minor }) => total + minor, 0)
  return { minor: minorUnits(payment.charged_minor ?? sum), currency: line.currency }
}

export function sideThere({ kind, amount }: Entry): Side {
  return { state: kind, minor: amount?.minor ?? null, currency: amount?.currency ?? null }
}

/** How a payment stands here: with what of it went back. */
export function sideHere(payment: BookedPayment | null): Side | null {
  if (payment === null) return null
  const paid = paidOf(payment)
  const money = { minor: paid?.minor ?? null, currency: paid?.currency ?? null }
  const gone = payment.causes.filter(({ state }) => state !== 'undone')
  const states = gone.map(({ cause, state }) =>
    cause === 'refund' ? 'refunded' : state === 'open' ? 'disputed' : 'dispute_lost',
  )
  if (states.length > 0) return { state: [...new Set(states)].join('+'), ...money }
  if (paid === null) return { state: 'not_told', ...money }
  return { state: payment.lines.some(({ standing }) => standing !== 'granted') ? 'in_review' : 'granted', ...money }
}
