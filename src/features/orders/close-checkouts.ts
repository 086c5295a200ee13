import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channels, Checkout } from '../../channels/channel.ts'
import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import { newRequestId, type OrderId } from '../../kernel/ids.ts'
import { changeCheckout, isGranted, selectDueCheckouts } from './checkout-queries.ts'

export interface CloseCheckoutDeps {
  readonly database: Database
  readonly clock: Clock
  readonly channels: Channels
  /** Told of a checkout that could not be closed; it is tried again, a handful of times. */
  readonly report: (failure: { error: unknown; orderId: OrderId }) => void
}

const BATCH_MAX = 20
/** Every platform ends a checkout by itself within a day: after this many attempts, some hours, nobody has to any more. */
const ATTEMPTS_MAX = 10
const FIRST_WAIT_MS = 10_000
const NOTHING_TO_PAY_WITH = JSON.stringify({ kind: 'external' } satisfies Checkout)

/**
 * Ends, at their platforms, the checkouts of orders that are over. A payment that wins the race settles all the same.
 * A platform that does not answer is asked for no other at this run: each would wait as long, and all others behind it.
 */
export async function closeCheckouts(deps: CloseCheckoutDeps, signal: AbortSignal): Promise<number> {
  let tried = 0
  const away = new Set<string>()
  while (!signal.aborted) {
    const wanted = { nowMs: deps.clock.nowMs(), butOf: [...away], limit: BATCH_MAX }
    const due = await selectDueCheckouts(deps.database.db, wanted)
    for (const checkout of due) {
      if (signal.aborted) break
      if (away.has(checkout.instance)) continue
      try {
        if (!(await closeCheckout(deps, checkout))) away.add(checkout.instance)
      } catch (error) {
        // Its next attempt is later by now: one that fails keeps no other from it.
        deps.report({ error, orderId: checkout.order_id })
      }
      tried += 1
      await nextTurn()
    }
    if (due.length < BATCH_MAX) break
  }
  return tried
}

/** Gives false where its platform could not be asked. */
async function closeCheckout(deps: CloseCheckoutDeps, due: Row<'checkouts'>): Promise<boolean> {
  const { database, clock } = deps
  const attempts = due.attempts + 1
  const nextAtMs = clock.nowMs() + FIRST_WAIT_MS * 2 ** Math.min(attempts, 12)
  const claim = { attempts, close_at_ms: nextAtMs }
  const isMine = await database.inTransaction((tx) => changeCheckout(tx, { seen: due, change: claim }))
  if (!isMine) return true
  const claimed = { ...due, ...claim }
  const isClosed = await isOver(deps, claimed)
  if (!isClosed && attempts < ATTEMPTS_MAX) return false
  // By its reference it can still be asked whether it was paid at the last moment. What opens its page is nobody's any more.
  const change = { state: isClosed ? ('closed' as const) : ('failed' as const), answer: NOTHING_TO_PAY_WITH }
  await database.inTransaction((tx) => changeCheckout(tx, { seen: claimed, change }))
  return isClosed
}

/** Nothing is left to close where the order was paid, or where the platform cannot be asked to. */
async function isOver({ database, clock, channels }: CloseCheckoutDeps, due: Row<'checkouts'>): Promise<boolean> {
  const channel = channels.byInstance(due.instance)
  if ((await isGranted(database.db, due)) || channel?.appId !== due.app_id || !channel.closeCheckout) return true
  const { order_id: orderId, reference } = due
  const closed = await channel.closeCheckout({ orderId, reference, nowMs: clock.nowMs(), requestId: newRequestId() })
  return closed.ok
}
