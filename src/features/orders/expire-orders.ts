import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../db/database.ts'
import { StorageUnavailable, TransactionConflict } from '../../db/errors.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, OrderId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { lockPlayers, saveLockedPlayers } from '../players/index.ts'
import { recordOrderState } from './change-order-state.ts'
import {
  type DueDeadline,
  deleteDeadlines,
  selectDueDeadlines,
  selectOrdersForUpdate,
  updateOrders,
} from './queries.ts'

export interface ExpireDeps {
  readonly database: Database
  readonly clock: Clock
  /** Told of an order that could not be ended; it is tried again at the next run. */
  readonly report: (failure: { error: unknown; orderId: OrderId }) => void
}

// A transaction of bounded size: a payment or a request that meets it waits for some milliseconds.
const BATCH_MAX = 25
// Nobody waits for it: one attempt, and what is held by others ends at a later run.
const PATIENCE = { retryForMs: 0 }

/**
 * Ends the pending orders whose half hour is over; a payment that comes later still wins. A row that somebody holds, or
 * an order that is broken, keeps no other from ending. Gives how many it ended.
 */
export async function expireOrders(deps: ExpireDeps, signal: AbortSignal): Promise<number> {
  let expired = 0
  let after: DueDeadline | null = null
  while (!signal.aborted) {
    // On past what was tried: what could not be ended stands first at the next run, and not again in this one.
    const due = await selectDueDeadlines(deps.database.db, { nowMs: deps.clock.nowMs(), after, limit: BATCH_MAX })
    for (const [appId, deadlines] of Map.groupBy(due, (deadline) => deadline.app_id)) {
      expired += await expireTogether(deps, { appId, deadlines, signal })
      // An embedded database answers without giving the event loop a turn, and a backlog would hold up every request.
      await nextTurn()
    }
    after = due.at(-1) ?? null
    if (due.length < BATCH_MAX) break
  }
  return expired
}

/** Ends a batch in one transaction; one that fails is split by player, then by order, until the fault stands alone. */
async function expireTogether(
  deps: ExpireDeps,
  batch: { appId: AppId; deadlines: readonly DueDeadline[]; signal: AbortSignal },
): Promise<number> {
  const { appId, deadlines, signal } = batch
  try {
    return await expire(deps, { appId, deadlines })
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error
    const [first] = deadlines
    invariant(first, 'a batch that failed was not empty')
    const byPlayer = Map.groupBy(deadlines, (deadline) => deadline.user_id)
    // A player's row that is held stands before all orders of that player: each would only wait for it again.
    const isHeld = error instanceof TransactionConflict && byPlayer.size === 1
    if (deadlines.length === 1 || isHeld) {
      deps.report({ error, orderId: first.order_id })
      return 0
    }
    const parts = byPlayer.size > 1 ? [...byPlayer.values()] : deadlines.map((deadline) => [deadline])
    let expired = 0
    for (const part of parts) {
      if (!signal.aborted) expired += await expireTogether(deps, { appId, deadlines: part, signal })
      await nextTurn()
    }
    return expired
  }
}

function expire(
  { database, clock }: ExpireDeps,
  { appId, deadlines }: { appId: AppId; deadlines: readonly DueDeadline[] },
): Promise<number> {
  return database.inTransaction(async (tx) => {
    const nowMs = clock.nowMs()
    const orderIds = deadlines.map((deadline) => deadline.order_id)
    const orders = await selectOrdersForUpdate(tx, { appId, orderIds })
    // Paid, failed or given up meanwhile: its deadline is all that goes.
    const pending = orders.filter((order) => order.status === 'pending')
    const players = await lockPlayers(
      tx,
      pending.map((order) => order.user_id),
    )
    const events = pending.map((order) => {
      const player = players.get(order.user_id)
      invariant(player, `the player of order ${order.order_id} is there`)
      return recordOrderState({ order, player, nowMs, from: 'pending', to: 'expired' })
    })
    await updateOrders(tx, pending)
    await deleteDeadlines(tx, { appId, orderIds })
    await saveLockedPlayers(tx, [...players.values()])
    await insertOutboxEvents(tx, events)
    return pending.length
  }, PATIENCE)
}
