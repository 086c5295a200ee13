import type { Database } from '../../db/database.ts'
import { KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { insertOutboxEvents } from '../outbox/index.ts'
import { lockPlayers, saveLockedPlayers } from '../players/index.ts'
import { type LockedOrder, recordOrderState } from './change-order-state.ts'
import { closeCheckoutSoon } from './checkout-queries.ts'
import { deleteDeadlines, selectOrdersForUpdate, updateOrders } from './queries.ts'
import { GIVEN_UP_CODE } from './rules.ts'

/**
 * Gives up a pending order. One that is cancelled already stays so and is answered; one that was paid, or has ended
 * otherwise, is refused. Should its payment arrive all the same, a late success wins.
 */
export function cancelOrder<A extends object>(
  deps: { database: Database; clock: Clock },
  wanted: {
    appId: AppId
    playerId: PlayerId
    orderId: OrderId
    reason: string | null
    reply: Reply<LockedOrder, A>
  },
): Promise<Outcome<A>> {
  const { appId, playerId, orderId, reason, reply } = wanted
  return transactOnce(deps, { reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    const [order] = await selectOrdersForUpdate(tx, { appId, orderIds: [orderId] })
    if (order?.user_id !== playerId) return refused('order_not_found')
    if (order.status === 'cancelled') return accepted(order)
    if (order.status !== 'pending') return refused('order_not_pending')
    const player = (await lockPlayers(tx, [playerId])).get(playerId)
    invariant(player, `the player of order ${orderId} is there`)
    // From here on nothing may be refused.
    const nowMs = deps.clock.nowMs()
    order.error_code = GIVEN_UP_CODE
    const why = reason === null ? {} : { reason }
    const event = recordOrderState({ order, player, nowMs, from: 'pending', to: 'cancelled', ...why })
    await updateOrders(tx, [order])
    await deleteDeadlines(tx, { appId, orderIds: [orderId] })
    await closeCheckoutSoon(tx, { app_id: appId, order_id: orderId, nowMs })
    await saveLockedPlayers(tx, [player])
    await insertOutboxEvents(tx, [event])
    return accepted(order)
  })
}
