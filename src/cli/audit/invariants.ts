import { balancesFollowFromPostings } from './balances.ts'
import type { Books } from './books.ts'
import { chainsAreUnbroken } from './chains.ts'
import { claimsAreExactlyOnce } from './claims.ts'
import { dailyGiftsAreOnceADate } from './daily-gifts.ts'
import { firstChargesAreOnce } from './first-charge.ts'
import { grantsAreExactlyOnce } from './grants.ts'
import { invitationsRewardOnce } from './invitations.ts'
import { orderStatesAreTold } from './order-events.ts'
import { paymentsAreAccountedFor } from './payments.ts'
import { postingsAreSound } from './postings.ts'
import { reversalsFitTheirGrants } from './reversals.ts'
import type { Totals } from './totals.ts'

export type InvariantName = 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7' | 'I8' | 'I9' | 'I10' | 'I11'

/** Something that must be true of the books at every moment. */
export interface Invariant {
  readonly name: InvariantName
  readonly sentence: string
  readonly check: (books: Books) => Promise<void>
  /** About how many rows the check reads: how much of the progress bar is its own. */
  readonly reads: (totals: Totals) => number
}

/** What may never be otherwise, in the order of the report. */
export const INVARIANTS: readonly Invariant[] = [
  {
    name: 'I1',
    sentence: 'every posting is positive, between two different accounts, in one currency',
    check: postingsAreSound,
    reads: ({ postings }) => postings,
  },
  {
    name: 'I2',
    sentence: "each wallet balance, and each inbox account's, equals its postings",
    check: balancesFollowFromPostings,
    reads: ({ postings, inboxMessages }) => postings + inboxMessages,
  },
  {
    name: 'I3',
    sentence: 'each order that was ever granted has exactly one grant, and one reward message when tokens > 0',
    check: grantsAreExactlyOnce,
    reads: ({ orders, payments, postings }) => orders + payments + postings,
  },
  {
    name: 'I4',
    sentence: 'at most one first-charge order a player',
    check: firstChargesAreOnce,
    reads: ({ orders }) => orders,
  },
  {
    name: 'I5',
    sentence: 'a claimed message with coins or tokens has exactly one claim transaction; any other has none',
    check: claimsAreExactlyOnce,
    reads: ({ inboxMessages }) => inboxMessages,
  },
  {
    name: 'I6',
    sentence: 'one daily gift a player a local date',
    check: dailyGiftsAreOnceADate,
    reads: ({ ledgerTransactions }) => ledgerTransactions,
  },
  {
    name: 'I7',
    sentence: 'what reversals took from an order is the whole grant when it is refunded, and never more than the grant',
    check: reversalsFitTheirGrants,
    reads: ({ ledgerTransactions }) => ledgerTransactions,
  },
  {
    name: 'I8',
    sentence: "one outbox event for each recorded change of an order's state, its creation included",
    check: orderStatesAreTold,
    reads: ({ orders, outboxEvents }) => orders + outboxEvents,
  },
  {
    name: 'I9',
    sentence: "every payment event points to its order or says why not; a payment's identity stands once",
    check: paymentsAreAccountedFor,
    // Its identities, three at most where its platform gives it one id, and the bodies of its events.
    reads: ({ payments, paymentEvents }) => 3 * payments + paymentEvents,
  },
  {
    name: 'I10',
    sentence: "every player's chain is unbroken and both sequences are without gaps",
    check: chainsAreUnbroken,
    reads: ({ ledgerTransactions }) => ledgerTransactions,
  },
  {
    name: 'I11',
    sentence: 'an invitation rewards each of its two players at most once, with what a message of theirs holds',
    check: invitationsRewardOnce,
    reads: ({ ledgerTransactions, inboxMessages }) => ledgerTransactions + inboxMessages,
  },
]
