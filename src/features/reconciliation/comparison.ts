import type { PaymentId } from '../../kernel/ids.ts'
import {
  addTaken,
  compareWithBooks,
  findBooked,
  isUnwantedTest,
  type Listed,
  type MessageDeps,
  movesTheBooks,
  NOTHING_TAKEN,
  sourceOf,
  type TakenIn,
  takeIn,
  withPayer,
} from '../payments/index.ts'
import { type Beside, differenceOf, isSumOfParts, knownCauses } from './compare-entry.ts'
import { type Difference, paidOf } from './differences.ts'
import { type Entry, entryOfMessage } from './entries.ts'
import { openTotals, type Totals } from './totals.ts'

/** What both sides have, in one window of time. */
export interface Matched {
  readonly payments: Set<PaymentId>
  /** By their payment, cause and id; with no id where the platform's report tells none. */
  readonly reversals: Set<string>
}

/** What a comparison has found so far. */
export interface Comparison {
  readonly totals: Totals
  readonly differences: Difference[]
  /** Also those beyond the first that are kept. */
  readonly counts: Map<Difference['kind'], { open: number; healed: number }>
  /** Payments and refunds that were compared. */
  compared: number
  /** Paid there, known here, and not granted: in the review queue, or closed there. */
  notGranted: number
  /** Here and not in the list, and left open: the platform was not asked about each, or did not answer. */
  notAsked: number
  /** What is at odds, by its own words: the same message on two pages is one difference. */
  readonly noted: Set<string>
  readonly taken: TakenIn
}

/** A report of more is no report; the rest is counted. */
const DIFFERENCES_MAX = 10_000

export function openComparison(): Comparison {
  const counts: Comparison['counts'] = new Map()
  const taken = { ...NOTHING_TAKEN }
  return {
    totals: openTotals(),
    differences: [],
    counts,
    compared: 0,
    notGranted: 0,
    notAsked: 0,
    noted: new Set(),
    taken,
  }
}

export function noteDifference(comparison: Comparison, difference: Difference): void {
  const { kind, isHealed } = difference
  const counted = comparison.counts.get(kind) ?? { open: 0, healed: 0 }
  counted[isHealed ? 'healed' : 'open'] += 1
  comparison.counts.set(kind, counted)
  if (comparison.differences.length < DIFFERENCES_MAX) comparison.differences.push(difference)
}

export function reversalKey(paymentId: PaymentId, cause: string, causeId: string | null): string {
  return `${paymentId} ${cause} ${causeId ?? ''}`
}

/**
 * Compares a page of a platform's list with the books, and takes in what is missing with `apply`. What lies outside of the
 * span that is asked for (`isInside` false) only excuses what the books have within it.
 */
export async function compareListed(
  deps: MessageDeps,
  { comparison, matched, seen }: { comparison: Comparison; matched: Matched; seen: readonly Matched[] },
  { page, isInside, apply }: { page: readonly Listed[]; isInside: boolean; apply: boolean },
): Promise<void> {
  const { db } = deps.database
  const messages: NonNullable<Entry['message']>[] = []
  for (const told of page) {
    const message = await withPayer(db, told)
    // Of a failure no money is missed; what is not understood is counted below.
    const isMoney = movesTheBooks(message) && message.kind !== 'failure'
    if (message.kind === 'claim' && isInside && !apply) comparison.taken.unclaimed += 1
    if (isMoney && !isUnwantedTest(deps, sourceOf(message))) messages.push(message)
  }
  const read = async (): Promise<Beside[]> =>
    (await compareWithBooks(db, messages)).map(({ payment, isNews }, index) => {
      const message = messages[index] as NonNullable<Entry['message']>
      return { entry: entryOfMessage(message), booked: payment, isNews }
    })
  const before = await read()
  if (!isInside) {
    for (const beside of before) noteMatched(matched, beside)
    return
  }
  if (apply) addTaken(comparison.taken, await takeIn(deps, page))
  else noteAside(deps, comparison, page)
  const isNewsAtAll = before.some(({ isNews }) => isNews)
  const after = apply && isNewsAtAll ? await read() : before
  before.forEach((beside, index) => {
    noteEntry({ comparison, matched, seen }, { before: beside, after: after[index] ?? beside })
  })
}

/** Compares lines of a report with the books. They prove nothing, so that nothing is taken in. */
export async function compareRows(
  deps: MessageDeps,
  into: { comparison: Comparison; matched: Matched; seen: readonly Matched[] },
  { entries, isInside }: { entries: readonly Entry[]; isInside: (entry: Entry) => boolean },
): Promise<void> {
  const found = await findBooked(
    deps.database.db,
    entries.map(({ names }) => names),
  )
  entries.forEach((entry, index) => {
    const beside = { entry, booked: found[index]?.payment ?? null, isNews: true }
    if (isInside(entry)) noteEntry(into, { before: beside, after: beside })
    else noteMatched(into.matched, beside)
  })
}

function noteEntry(
  { comparison, matched, seen }: { comparison: Comparison; matched: Matched; seen: readonly Matched[] },
  { before, after }: { before: Beside; after: Beside },
): void {
  const { entry } = before
  const { booked } = after
  const { totals } = comparison
  const difference = differenceOf(before)
  const words = JSON.stringify([entry.kind, entry.names.ids, entry.orderId, entry.reversal?.causeId, entry.amount])
  if (difference !== null && comparison.noted.has(words)) return
  const { reversal } = entry
  if (reversal === null) {
    // The same message on two pages is one payment.
    if (booked && [matched, ...seen].some(({ payments }) => payments.has(booked.payment_id))) return
    totals.addPaid('there', entry.amount ?? (booked && paidOf(booked)))
    totals.addPaid('here', booked && paidOf(booked))
    if (booked?.lines.some(({ standing }) => standing !== 'granted')) comparison.notGranted += 1
  } else {
    noteBack(totals, { ...after, reversal })
  }
  noteMatched(matched, after)
  comparison.compared += 1
  if (difference === null) return
  comparison.noted.add(words)
  const isHealed = differenceOf(after) === null
  noteDifference(comparison, { ...difference, paymentId: booked?.payment_id ?? null, isHealed })
}

function noteBack(totals: Totals, beside: Beside & { reversal: NonNullable<Entry['reversal']> }): void {
  const { entry, booked, reversal } = beside
  const whole = booked ? paidOf(booked) : null
  const id = reversal.causeId ?? String(entry.occurredAtMs)
  const key = [entry.names.ids[0] ?? entry.orderId, reversal.cause, id].join(' ')
  const [amount, occurredAtMs] = [entry.amount ?? whole, entry.occurredAtMs ?? 0]
  totals.addBackThere(key, { ...reversal, causeId: id, lineNo: null, amount, occurredAtMs })
  const known = knownCauses(beside)
  // Of several parts that went back, a report says by their sums which is which.
  const cause = known.find(({ amount }) => amount?.minor === entry.amount?.minor) ?? known[0]
  const here = isSumOfParts(beside) ? entry.amount : (cause?.amount ?? whole)
  totals.setBackHere(key, cause?.state === 'taken' ? here : null)
}

function noteMatched(matched: Matched, { entry, booked }: Beside): void {
  if (booked === null) return
  if (entry.reversal === null) matched.payments.add(booked.payment_id)
  else matched.reversals.add(reversalKey(booked.payment_id, entry.reversal.cause, entry.reversal.causeId))
}

function noteAside(deps: MessageDeps, { taken }: Comparison, page: readonly Listed[]): void {
  taken.listed += page.length
  for (const message of page) {
    if (message.kind === 'not_understood' && !isUnwantedTest(deps, message.source)) taken.notUnderstood += 1
    if (movesTheBooks(message) && isUnwantedTest(deps, sourceOf(message))) taken.tests += 1
  }
}
