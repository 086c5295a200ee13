import { exponentOf, type Money, minorUnits, parseMajor } from '../../kernel/money.ts'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import { type Cause, type PaidLine, shareTaken } from './reversal-rules.ts'

/**
 * How much is to go back: what was asked for, as far as it was paid and is not back yet; null asks for all that is left.
 * Gives null where that is the whole payment, which every platform can do.
 */
export function amountToRefund(facts: {
  causes: readonly Cause[]
  line: PaidLine
  /** In major units, as it was typed. */
  asked: string | null
}): Outcome<Money | null> {
  const { causes, line, asked } = facts
  const { currency, minor: paidMinor } = line.price
  if (causes.some(({ cause, state }) => cause === 'dispute' && state === 'open')) return refused('payment_disputed')
  const share = shareTaken(causes, line)
  if (share.kind === 'whole') return refused('already_refunded')
  if (causes.some((cause) => cause.state === 'taken' && cause.amount && cause.amount.currency !== currency)) {
    return refusedField('amount', 'a part of this payment went back in another currency: what is left is not known')
  }
  const leftMinor = paidMinor - takenMinor(causes, line)
  const isWholePayment = leftMinor === paidMinor && paidMinor === line.totalMinor
  if (asked === null) return accepted(isWholePayment ? null : { minor: minorUnits(leftMinor), currency })
  const amount = parseMajor(asked, currency)
  if (!amount) {
    return refusedField(
      'amount',
      `is not an amount of ${currency}, a plain number with at most ${exponentOf(currency)} decimals`,
    )
  }
  if (amount.minor === 0) return refusedField('amount', 'must be above 0')
  if (amount.minor > leftMinor) return refusedField('amount', 'is more than was paid and not given back')
  return accepted(amount.minor === leftMinor && isWholePayment ? null : amount)
}

/** What went of a line's money by causes that name it, or the whole payment; never more than it was. */
function takenMinor(causes: readonly Cause[], { lineNo, price }: PaidLine): number {
  const taken = causes
    .filter((cause) => cause.state === 'taken' && (cause.lineNo === null || cause.lineNo === lineNo))
    .reduce((sum, { amount }) => sum + (amount?.minor ?? price.minor), 0)
  return Math.min(taken, price.minor)
}

/** A platform that cannot be reached for this many attempts, some three hours, is a person's to look at. */
export const REFUND_ATTEMPTS_MAX = 12

const FIRST_WAIT_MS = 10_000
const LAST_WAIT_MS = 60 * 60 * 1000

/** How long to wait after the attempt of that number. */
export function refundWaitMs(attempt: number): number {
  return Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt - 1, 20))
}
