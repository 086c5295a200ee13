import type { InvariantName } from '../../src/cli/audit/invariants.ts'
import type { Planting } from './books-under-test.ts'
import { PLANTED_IN_INVITATIONS } from './planted-in-invitations.ts'
import { PLANTED_IN_ORDERS } from './planted-in-orders.ts'
import { PLANTED_IN_PAYMENTS } from './planted-in-payments.ts'
import { PLANTED_IN_REFUNDS } from './planted-in-refunds.ts'
import { PLANTED_IN_REVERSALS } from './planted-in-reversals.ts'
import { PLANTED_IN_THE_LEDGER } from './planted-in-the-ledger.ts'

/** One way to spoil healthy books, and the invariant that alone must notice. */
export interface Planted {
  readonly breaks: InvariantName
  readonly what: string
  readonly plant: (planting: Planting) => Promise<unknown>
}

export const PLANTED: readonly Planted[] = [
  ...PLANTED_IN_THE_LEDGER,
  ...PLANTED_IN_ORDERS,
  ...PLANTED_IN_PAYMENTS,
  ...PLANTED_IN_REVERSALS,
  ...PLANTED_IN_REFUNDS,
  ...PLANTED_IN_INVITATIONS,
]
