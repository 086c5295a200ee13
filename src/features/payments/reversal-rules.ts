import type { CauseState, ReversalCause } from '../../db/schema.ts'
import type { GameCurrency, Money } from '../../kernel/money.ts'
import { GAME_CURRENCIES } from '../../kernel/money.ts'

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
 * platform's clock counts. A dispute that was decided is not opened again by a notice of its opening.
 */
export function laterNotice(known: Cause | null, told: Cause): Cause {
  if (known === null) return told
  if ((told.state === 'open') !== (known.state === 'open')) return told.state === 'open' ? known : told
  if (told.occurredAtMs !== known.occurredAtMs) return told.occurredAtMs > known.occurredAtMs ? told : known
  return RANK[told.state] >= RANK[known.state] ? told : known
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

/** How much of a line's money is gone. `unclear`: a part that cannot be compared with what was paid. */
export type Share =
  | { readonly kind: 'none' }
  | { readonly kind: 'part'; readonly numerator: bigint; readonly denominator: bigint }
  | { readonly kind: 'whole' }
  | { readonly kind: 'unclear' }

/** A line of a payment with the payment's whole money. */
export interface PaidLine {
  readonly lineNo: number
  readonly price: Money
  readonly totalMinor: number
}

/** What all causes that took money took of a line together: each its part, the payment's parts in proportion. */
export function shareTaken(causes: readonly Cause[], line: PaidLine): Share {
  const taking = causes.filter(({ state, lineNo }) => state === 'taken' && (lineNo === null || lineNo === line.lineNo))
  if (taking.length === 0) return { kind: 'none' }
  if (taking.some(({ amount }) => amount === null)) return { kind: 'whole' }
  const [total, own] = [BigInt(line.totalMinor), BigInt(line.price.minor)]
  const gone = { payment: 0n, line: 0n }
  for (const { amount, lineNo } of taking) {
    if (amount === null) continue
    if (amount.currency !== line.price.currency) return { kind: 'unclear' }
    gone[lineNo === null ? 'payment' : 'line'] += BigInt(amount.minor)
  }
  // A part of nothing is all of it.
  if ((gone.payment > 0n && total === 0n) || (gone.line > 0n && own === 0n)) return { kind: 'whole' }
  const numerator = gone.payment * (own || 1n) + gone.line * (total || 1n)
  const denominator = (total || 1n) * (own || 1n)
  if (numerator >= denominator) return { kind: 'whole' }
  return numerator === 0n ? { kind: 'none' } : { kind: 'part', numerator, denominator }
}

export type GameAmounts = Readonly<Record<GameCurrency, number>>

const NOTHING: GameAmounts = { coins: 0, tokens: 0 }

/** What of a grant goes with a share of its money: a part rounded down, so that never more is taken than was paid back. */
export function amountsOf(grant: GameAmounts, share: Share): GameAmounts {
  switch (share.kind) {
    case 'none':
    case 'unclear':
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
}

/** What is to be given back, and what is to be taken, so that a grant stands as its payment does. */
export interface ReversalPlan {
  /** To be given back, the newest first: each by the exact opposite of its own postings. */
  readonly restore: readonly Taken[]
  readonly take: (GameAmounts & { readonly by: Pick<Cause, 'cause' | 'causeId'> }) | null
  readonly isWhole: boolean
}

/**
 * Only the cause that took something can give it back, and only as far as nothing else has taken the money meanwhile:
 * a refund that is reversed while a lost dispute stands changes nothing. `latest` is the cause that was told of now.
 */
export function planReversal(facts: {
  causes: readonly Cause[]
  taken: readonly Taken[]
  grant: GameAmounts
  line: PaidLine
  latest: Pick<Cause, 'cause' | 'causeId'>
}): ReversalPlan {
  const { causes, taken, grant, line, latest } = facts
  const share = shareTaken(causes, line)
  const target = amountsOf(grant, share)
  const isTaking = (of: Pick<Cause, 'cause' | 'causeId'>): boolean =>
    causes.some((cause) => isSameCause(cause, of) && cause.state === 'taken')
  let current = sumOf(taken)
  const restore: Taken[] = []
  for (const row of taken.toSorted((a, b) => b.reversalNo - a.reversalNo)) {
    if (isTaking(row) || !exceeds(current, target)) continue
    restore.push(row)
    current = { coins: current.coins - row.coins, tokens: current.tokens - row.tokens }
  }
  const missing = {
    coins: Math.max(0, target.coins - current.coins),
    tokens: Math.max(0, target.tokens - current.tokens),
  }
  const by = isTaking(latest) ? latest : causes.find((cause) => cause.state === 'taken')
  const isNewlyWhole = share.kind === 'whole' && taken.length === restore.length
  const take = by && (missing.coins > 0 || missing.tokens > 0 || isNewlyWhole) ? { ...missing, by } : null
  return { restore, take, isWhole: share.kind === 'whole' }
}

function sumOf(taken: readonly GameAmounts[]): GameAmounts {
  return taken.reduce((sum, row) => ({ coins: sum.coins + row.coins, tokens: sum.tokens + row.tokens }), NOTHING)
}

function exceeds(current: GameAmounts, target: GameAmounts): boolean {
  return GAME_CURRENCIES.some((currency) => current[currency] > target[currency])
}

/** Whether anybody still has to decide about the money. */
export function hasOpenDispute(causes: readonly Cause[]): boolean {
  return causes.some(({ cause, state }) => cause === 'dispute' && state === 'open')
}
