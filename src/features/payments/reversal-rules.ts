import type { CauseState, ReversalCause } from '../../db/schema.ts'
import type { CurrencyCode, GameCurrency, MinorUnits, Money } from '../../kernel/money.ts'
import { GAME_CURRENCIES, minorUnits } from '../../kernel/money.ts'

/** One refund or dispute of a payment, as it was last told. */
export interface Cause {
  readonly cause: ReversalCause
  readonly causeId: string
  readonly state: CauseState
  /** The line that it is about; null: the whole payment. */
  readonly lineNo: number | null
  /** Null: all of it. */
  readonly amount: Money | null
  readonly occurredAtMs: number
}

// What stands later in the life of a refund or a dispute, for two notices of one moment.
const RANK: Readonly<Record<CauseState, number>> = { open: 0, taken: 1, undone: 2 }

/**
 * What is known of a cause once one more notice of it has come, in whatever order they come: the later one by the
 * platform's clock counts. A dispute that was decided is not opened again by a notice of its opening. Two that differ
 * and are of one moment are put in an order all the same, else the one that comes last would win.
 */
export function laterNotice(known: Cause | null, told: Cause): Cause {
  return known !== null && compareNotices(known, told) >= 0 ? known : told
}

function compareNotices(a: Cause, b: Cause): number {
  return (
    Number(a.state !== 'open') - Number(b.state !== 'open') ||
    a.occurredAtMs - b.occurredAtMs ||
    RANK[a.state] - RANK[b.state] ||
    compare(a.amount?.minor ?? Number.POSITIVE_INFINITY, b.amount?.minor ?? Number.POSITIVE_INFINITY) ||
    compare(a.amount?.currency ?? '', b.amount?.currency ?? '') ||
    compare(a.lineNo ?? 0, b.lineNo ?? 0)
  )
}

function compare<T extends number | string>(a: T, b: T): number {
  return a === b ? 0 : a < b ? -1 : 1
}

/** What was told of one payment under two names. */
export function mergedCauses(some: readonly Cause[], others: readonly Cause[]): Cause[] {
  const merged = [...some]
  for (const other of others) {
    const at = merged.findIndex((one) => isSameCause(one, other))
    if (at < 0) merged.push(other)
    else merged[at] = laterNotice(merged[at] ?? null, other)
  }
  return merged
}

export function isSameCause(a: Pick<Cause, 'cause' | 'causeId'>, b: Pick<Cause, 'cause' | 'causeId'>): boolean {
  return a.cause === b.cause && a.causeId === b.causeId
}

/** How much of a line's money is gone. */
export type Share =
  | { readonly kind: 'none' }
  | { readonly kind: 'part'; readonly numerator: bigint; readonly denominator: bigint }
  | { readonly kind: 'whole' }

/** A line of a payment with the payment's whole money, as its refunds are measured. */
export interface PaidLine {
  readonly lineNo: number
  readonly price: Money
  readonly totalMinor: number
}

/**
 * A line as its refunds are measured: by what its payer was charged, which with taxes and discounts is another sum than the
 * prices of the lines.
 */
export function paidLineOf(
  payment: { readonly chargedMinor: number | null; readonly lines: readonly { readonly priceMinor: number }[] },
  { lineNo, price }: Pick<PaidLine, 'lineNo' | 'price'>,
): PaidLine {
  const totalMinor = payment.chargedMinor ?? payment.lines.reduce((sum, { priceMinor }) => sum + priceMinor, 0)
  const isOnly = payment.lines.length === 1
  return { lineNo, price: isOnly ? { ...price, minor: minorUnits(totalMinor) } : price, totalMinor }
}

/** The same of a payment as it is kept. */
export function keptPaidLine(
  payment: {
    readonly row: { readonly charged_minor: number | null }
    readonly lines: readonly { readonly price_minor: number }[]
  },
  line: { readonly line_no: number; readonly price_minor: MinorUnits; readonly currency: CurrencyCode },
): PaidLine {
  const lines = payment.lines.map(({ price_minor: priceMinor }) => ({ priceMinor }))
  const price = { minor: line.price_minor, currency: line.currency }
  return paidLineOf({ chargedMinor: payment.row.charged_minor, lines }, { lineNo: line.line_no, price })
}

/**
 * What all causes that took money took of a line together: each its part, the payment's parts in proportion. A part in
 * another currency than was paid cannot be compared with it, and counts as nothing until a person has looked at it.
 */
export function shareTaken(causes: readonly Cause[], line: PaidLine): Share {
  const taking = causes.filter((cause) => cause.state === 'taken' && isAbout(cause, line))
  if (taking.some(({ amount }) => amount === null)) return { kind: 'whole' }
  const [total, own] = [BigInt(line.totalMinor), BigInt(line.price.minor)]
  const gone = { payment: 0n, line: 0n }
  for (const { amount, lineNo } of taking) {
    if (amount?.currency === line.price.currency) gone[lineNo === null ? 'payment' : 'line'] += BigInt(amount.minor)
  }
  // A part of nothing is all of it.
  if ((gone.payment > 0n && total === 0n) || (gone.line > 0n && own === 0n)) return { kind: 'whole' }
  const numerator = gone.payment * (own || 1n) + gone.line * (total || 1n)
  const denominator = (total || 1n) * (own || 1n)
  if (numerator >= denominator) return { kind: 'whole' }
  return numerator === 0n ? { kind: 'none' } : { kind: 'part', numerator, denominator }
}

/** Whether money was taken of a line in another currency than it was paid in, so that nobody knows how much of it. */
export function hasUnclearAmount(causes: readonly Cause[], line: PaidLine): boolean {
  return causes.some(
    (cause) =>
      cause.state === 'taken' &&
      isAbout(cause, line) &&
      cause.amount !== null &&
      cause.amount.currency !== line.price.currency,
  )
}

function isAbout(cause: Cause, { lineNo }: { readonly lineNo: number }): boolean {
  return cause.lineNo === null || cause.lineNo === lineNo
}

export type GameAmounts = Readonly<Record<GameCurrency, number>>

const NOTHING: GameAmounts = { coins: 0, tokens: 0 }

/** What of a grant goes with a share of its money: a part rounded down, so that never more is taken than was paid back. */
export function amountsOf(grant: GameAmounts, share: Share): GameAmounts {
  switch (share.kind) {
    case 'none':
      return NOTHING
    case 'whole':
      return grant
    case 'part': {
      const part = (amount: number): number => Number((BigInt(amount) * share.numerator) / share.denominator)
      return { coins: part(grant.coins), tokens: part(grant.tokens) }
    }
  }
}

/** What one cause took from a grant, as far as it was not given back. */
export interface Taken extends GameAmounts {
  readonly reversalNo: number
  readonly cause: ReversalCause
  readonly causeId: string
  /** True when the reward's message went with it: it is there again before anything else can be told of it. */
  readonly hasWithdrawn: boolean
}

/** What is to be given back, and what is to be taken, so that a grant stands as its payment does. */
export interface ReversalPlan {
  /** To be given back, in this sequence: each by the exact opposite of its own postings. */
  readonly restore: readonly Taken[]
  readonly take: (GameAmounts & { readonly by: Pick<Cause, 'cause' | 'causeId'> }) | null
  readonly isWhole: boolean
}

/**
 * What stands taken in the end is the share of the money that is gone, no more and no less, whatever was told before
 * what. Given back is first what no cause holds any more, and nothing as long as something else holds as much: a refund
 * that is reversed while a lost dispute stands changes nothing. `latest` is the cause that was told of now.
 */
export function planReversal(facts: {
  causes: readonly Cause[]
  taken: readonly Taken[]
  grant: GameAmounts
  line: PaidLine
  latest: Pick<Cause, 'cause' | 'causeId'>
}): ReversalPlan {
  const { taken, grant, line, latest } = facts
  const holding = facts.causes.filter((cause) => cause.state === 'taken' && isAbout(cause, line))
  const share = shareTaken(facts.causes, line)
  const isWhole = share.kind === 'whole'
  const target = amountsOf(grant, share)
  const isHeld = (row: Taken): boolean => holding.some((cause) => isSameCause(cause, row))
  // What is not refunded has its message, and no reversal that took nothing.
  const cannotStay = (row: Taken): boolean => !isWhole && (row.hasWithdrawn || !exceeds(row, NOTHING))
  const inSequence = taken.toSorted(
    (a, b) =>
      Number(cannotStay(b)) - Number(cannotStay(a)) ||
      Number(isHeld(a)) - Number(isHeld(b)) ||
      b.reversalNo - a.reversalNo,
  )
  let current = sumOf(taken)
  const restore: Taken[] = []
  for (const row of inSequence) {
    if (!cannotStay(row) && !exceeds(current, target)) continue
    restore.push(row)
    current = { coins: current.coins - row.coins, tokens: current.tokens - row.tokens }
  }
  const missing = { coins: target.coins - current.coins, tokens: target.tokens - current.tokens }
  const by = holding.find((cause) => isSameCause(cause, latest)) ?? holding[0]
  const isNewlyWhole = isWhole && taken.length === restore.length
  const take = by && (exceeds(missing, NOTHING) || isNewlyWhole) ? { ...missing, by } : null
  return { restore, take, isWhole }
}

function sumOf(taken: readonly GameAmounts[]): GameAmounts {
  return taken.reduce((sum, row) => ({ coins: sum.coins + row.coins, tokens: sum.tokens + row.tokens }), NOTHING)
}

function exceeds(current: GameAmounts, target: GameAmounts): boolean {
  return GAME_CURRENCIES.some((currency) => current[currency] > target[currency])
}

/** Whether anybody still has to decide about a line's money. */
export function hasOpenDispute(causes: readonly Cause[], line: { readonly lineNo: number }): boolean {
  return causes.some((cause) => cause.cause === 'dispute' && cause.state === 'open' && isAbout(cause, line))
}
