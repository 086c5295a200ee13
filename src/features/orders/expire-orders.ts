import type { Database } from '../../db/database.ts'
import { TransactionConflict } from '../../db/errors.ts'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { lockPlayers, saveLockedPlayers } from '../players/index.ts'
import { recordOrderState } from './change-order-state.ts'
import { deleteDeadlines, selectDueDeadlines, selectOrdersForUpdate, updateOrders } from './queries.ts'

export interface ExpireDeps {
  readonly database: Database
  readonly clock: Clock
}

// A transaction of bounded size; a payment that meets it waits for milliseconds.
const BATCH_MAX = 100
// What is left over is taken at the next run, some seconds later.
const BATCHES_MAX = 50

/** Ends the pending orders whose half hour is over. A payment that comes later still wins. Gives how many it ended. */
export async function expireOrders(deps: ExpireDeps): Promise<number> {
  let expired = 0
  for (let batch = 0; batch < BATCHES_MAX; batch++) {
    const due = await selectDueDeadlines(deps.database.db, { nowMs: deps.clock.nowMs(), limit: BATCH_MAX })
    for (const [appId, deadlines] of Map.groupBy(due, (deadline) => deadline.app_id)) {
      expired += await expireTogether(deps, { appId, deadlines })
    }
    if (due.length < BATCH_MAX) break
  }
  return expired
}

/** A row that somebody else holds for long must not keep the others of its batch from ending. */
async function expireTogether(
  deps: ExpireDeps,
  { appId, deadlines }: { appId: AppId; deadlines: readonly Row<'order_deadlines'>[] },
): Promise<number> {
  try {
    return await expire(deps, { appId, deadlines })
  } catch (error) {
    if (!(error instanceof TransactionConflict)) throw error
    if (deadlines.length === 1) return 0
    let expired = 0
    for (const deadline of deadlines) expired += await expireTogether(deps, { appId, deadlines: [deadline] })
    return expired
  }
}

// Nobody waits for it: rather give up early and come again.
const PATIENCE = { retryForMs: 500 }

function expire(
  { database, clock }: ExpireDeps,
  { appId, deadlines }: { appId: AppId; deadlines: readonly Row<'order_deadlines'>[] },
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
