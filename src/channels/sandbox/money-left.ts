import { REVERSAL_TYPES } from '../channel.ts'
import type { SandboxPurchase, SandboxReversalMessage } from './wire.ts'

/** How much of a purchase's money was not given back; null once none is left, also of a purchase for nothing. */
export function moneyLeft(
  { amount_minor: paidMinor }: Pick<SandboxPurchase, 'amount_minor'>,
  reversals: readonly Pick<SandboxReversalMessage, 'type' | 'reversal'>[],
): number | null {
  const taking = reversals.filter(({ type }) => REVERSAL_TYPES[type].state === 'taken')
  const goneMinor = taking.reduce((sum, { reversal }) => sum + (reversal.amount_minor ?? paidMinor), 0)
  return taking.length > 0 && goneMinor >= paidMinor ? null : paidMinor - goneMinor
}
