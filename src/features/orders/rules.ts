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

/** The one code of a failure that means the player gave up; every other is a failure. */
export const GIVEN_UP_CODE = 'PAYMENT_CANCELLED'

/** How long a pending order keeps its price and its rewards; every checkout ends no later. */
export const ORDER_LIFE_MS = 30 * 60 * 1000

/**
 * The address to send a player back to, in its one spelling, when it is one of the app's list but for its query; else
 * null. A fragment or a user name would let somebody else's link look like the app's, and what parsers read differently
 * (blanks, backslashes, control characters) goes to no platform.
 */
export function listedReturnUrl(text: string, listed: readonly string[]): string | null {
  const url = /^[!-[\]-~]+$/.test(text) ? URL.parse(text) : null
  if (url === null || url.hash !== '' || url.username !== '' || url.password !== '') return null
  const place = (of: URL): string => `${of.protocol}//${of.host}${of.pathname}`
  const isListed = listed.some((entry) => {
    const known = URL.parse(entry)
    return known !== null && place(known) === place(url) && (known.search === '' || known.search === url.search)
  })
  return isListed ? url.href : null
}
