import type { OrderStatus } from '../../db/schema.ts'

/**
 * The states of an order and the ways between them; every change of a state goes through `mayBecome`.
 * A late success wins over a failure, a cancellation and an expiry; nothing but a refund or a dispute undoes a grant.
 */
const TRANSITIONS: Readonly<Record<OrderStatus, readonly OrderStatus[]>> = {
  pending: ['completed', 'failed', 'cancelled', 'expired', 'review'],
  failed: ['completed', 'review'],
  cancelled: ['completed', 'review'],
  expired: ['completed', 'review'],
  review: ['completed', 'refunded'],
  completed: ['refunded', 'disputed'],
  disputed: ['completed', 'refunded'],
  // Back to completed when its refund is reversed or fails and it had been granted; to review when it had not.
  refunded: ['completed', 'review'],
}

export const ORDER_STATUSES = Object.keys(TRANSITIONS) as OrderStatus[]

/** Whether an order in `from` may change to `to`. Staying where it is is not a change. */
export function mayBecome(from: OrderStatus, to: OrderStatus): boolean {
  return TRANSITIONS[from].includes(to)
}

/** Whether money that arrives now may still be granted to an order that never was. */
export function mayStillBePaid(status: OrderStatus): boolean {
  return mayBecome(status, 'completed') && status !== 'refunded' && status !== 'disputed'
}

/** How long a pending order keeps its price and its rewards; every checkout ends no later. */
export const ORDER_LIFE_MS = 30 * 60 * 1000

/**
 * Whether a player may be sent back to this address: one of the app's list, to the letter but for its query. A fragment
 * or a user name would let somebody else's link look like the app's.
 */
export function isReturnUrlListed(text: string, listed: readonly string[]): boolean {
  const url = URL.parse(text)
  if (url === null || url.hash !== '' || url.username !== '' || url.password !== '') return false
  const place = (of: URL): string => `${of.protocol}//${of.host}${of.pathname}`
  return listed.some((entry) => {
    const known = URL.parse(entry)
    return known !== null && place(known) === place(url) && (known.search === '' || known.search === url.search)
  })
}
