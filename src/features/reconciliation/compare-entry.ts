import { type BookedPayment, laterNotice } from '../payments/index.ts'
import { type Difference, type DifferenceKind, paidOf, sideHere, sideThere } from './differences.ts'
import type { Entry } from './entries.ts'

type Cause = BookedPayment['causes'][number]

/** An entry beside what the books have of it. */
export interface Beside {
  readonly entry: Entry
  readonly booked: BookedPayment | null
  /** False where telling it would change nothing: what the books have is the later word. */
  readonly isNews: boolean
}

/** What is at odds; null where both sides agree. */
export function differenceOf(beside: Beside): Difference | null {
  const kind = beside.entry.reversal === null ? kindOfPaid(beside) : kindOfReversal(beside)
  if (kind === null) return null
  const { entry, booked } = beside
  return {
    kind,
    ids: entry.names.ids,
    orderId: entry.orderId ?? booked?.lines[0]?.order_id ?? null,
    paymentId: booked?.payment_id ?? null,
    there: sideThere(entry),
    here: sideHere(booked),
    occurredAtMs: entry.occurredAtMs,
    isHealed: false,
  }
}

function kindOfPaid({ entry, booked }: Beside): DifferenceKind | null {
  const ours = booked && paidOf(booked)
  if (!ours) return 'missing_here'
  const isSame = entry.amount === null || isSameMoney(entry.amount, ours)
  return isSame ? null : 'amount_differs'
}

function kindOfReversal(beside: Beside): DifferenceKind | null {
  const { entry, isNews } = beside
  const known = knownCauses(beside)
  const missing = entry.reversal?.cause === 'dispute' ? 'dispute_missing_here' : 'refund_missing_here'
  if (entry.message !== null) {
    if (!isNews) return null
    const [cause] = known
    // Told under a name that the books do not have yet, of what they have the later word of.
    if (cause !== undefined && isOvertaken(entry.message, cause)) return null
    if (cause?.state !== entry.reversal?.state) return missing
    const isSame = cause !== undefined && fitsAmount(cause, beside)
    return isSame ? null : 'amount_differs'
  }
  if (known.length === 0) return missing
  return known.some((cause) => fitsAmount(cause, beside)) || isSumOfParts(beside) ? null : 'amount_differs'
}

function isOvertaken(message: NonNullable<Entry['message']>, known: Cause): boolean {
  return message.kind === 'notice' && laterNotice(known, message.notice) === known
}

/** The refunds or disputes of the books that may be the one that is told: by its id, where it has one. */
export function knownCauses({ entry, booked }: Beside): Cause[] {
  const { reversal } = entry
  if (!booked || !reversal) return []
  const ofKind = booked.causes.filter(({ cause }) => cause === reversal.cause)
  if (reversal.causeId !== null) return ofKind.filter(({ causeId }) => causeId === reversal.causeId)
  // A report tells what happened on its days; what became of it later stands in the books, too.
  return ofKind.filter(({ state }) =>
    reversal.state === 'open' ? true : reversal.state === 'undone' ? state === 'undone' : state !== 'open',
  )
}

/** Whether a report tells as one sum what went back here in parts, as a list of payments with what went back of each does. */
export function isSumOfParts(beside: Beside): boolean {
  const { amount, message } = beside.entry
  const parts = knownCauses(beside).filter(({ state }) => state === 'taken')
  if (message !== null || amount === null || parts.length < 2) return false
  if (parts.some((part) => part.amount?.currency !== amount.currency)) return false
  return parts.reduce((sum, part) => sum + (part.amount?.minor ?? 0), 0) === amount.minor
}

/** All of it may be said by its sum, or by none. A report that tells no sum says nothing of it. */
function fitsAmount({ amount }: Cause, { entry, booked }: Beside): boolean {
  const whole = booked && paidOf(booked)
  const told = entry.amount ?? (entry.message === null ? null : whole)
  return told === null || isSameMoney(told, amount ?? whole)
}

function isSameMoney(
  a: { readonly minor: number; readonly currency: string },
  b: { readonly minor: number; readonly currency: string } | null,
): boolean {
  return a.minor === b?.minor && a.currency === b.currency
}
