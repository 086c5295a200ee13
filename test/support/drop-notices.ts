import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MessageDeps } from '../../src/features/payments/index.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { assertDone } from './answers.ts'
import { assertBooks } from './books.ts'
import type { Running } from './every-engine.ts'
import { messageDepsOn } from './message-deps.ts'
import { createOrder } from './orders.ts'
import type { TestApp } from './test-app.ts'

/** A platform that keeps what it tells, and whose channel the server has. */
export interface DroppingPlatform {
  readonly instance: string
  /** Happens at the platform; gives the callback that tells of it. */
  happen(what: { kind: 'paid' | 'refunded' } & { no: number; orderId: string; uid: string }): {
    path: string
    headers: Record<string, string>
    body: string
  }
}

const ORDERS = 1_000
// A player has few orders that wait.
const PLAYERS = 100
const REFUNDED_EVERY = 5
const DROPPED_EVERY = 10
const TOGETHER = 25

/**
 * A thousand orders are paid and one in five is refunded; every tenth callback gets lost. Then one thing heals: in the end no
 * paid order is undelivered, and no refund unbooked.
 */
export function dropsAreHealed(
  on: Running,
  {
    name,
    platform,
    clock,
    heal,
  }: {
    name: string
    platform: DroppingPlatform
    clock: Clock
    /** Gives how many messages it took in, where it can tell. */
    heal: (app: TestApp, deps: MessageDeps) => Promise<number>
  },
): void {
  test(`every tenth callback of a thousand orders gets lost, and ${name} leaves none undelivered`, async () => {
    const players = await inTurns(PLAYERS, (no) => on.app.logIn(`dropped-${name}-${no}`))
    const orders = await inTurns(ORDERS, async (no) => {
      const player = players[no % PLAYERS]
      assert.ok(player)
      const order = await createOrder(on.app, player.token, { payment_channel: platform.instance })
      return { no, orderId: order.order_id as string, uid: player.uid }
    })
    const callbacks = orders.flatMap((order) => [
      platform.happen({ kind: 'paid', ...order }),
      ...(order.no % REFUNDED_EVERY === 0 ? [platform.happen({ kind: 'refunded', ...order })] : []),
    ])
    let dropped = 0
    await inTurns(callbacks.length, async (no) => {
      const callback = callbacks[no]
      assert.ok(callback)
      if (no % DROPPED_EVERY === 0) dropped += 1
      else assertDone(await on.app.call('POST', callback.path, callback))
    })
    const before = await undelivered(on.app, orders)
    assert.ok(before.unpaid >= 80 && before.unrefunded >= 10, 'a test that loses nothing proves nothing')

    const healed = await heal(on.app, messageDepsOn(on.app.service.database, { variables: on.app.variables, clock }))

    assert.deepEqual(await undelivered(on.app, orders), { unpaid: 0, unrefunded: 0 })
    assert.equal(healed, dropped, 'what had come is not taken in again')
    await assertBooks(on.app)
  })
}

async function undelivered(app: TestApp, orders: readonly { no: number; orderId: string }[]) {
  const rows = await app.service.database.db.selectFrom('orders').selectAll().execute()
  const byId = new Map(rows.map((row) => [row.order_id as string, row]))
  const isRefunded = ({ no }: { no: number }): boolean => no % REFUNDED_EVERY === 0
  const unpaid = orders.filter((order) => byId.get(order.orderId)?.granted_payment_id === null && !isRefunded(order))
  const unrefunded = orders.filter((order) => isRefunded(order) && byId.get(order.orderId)?.status !== 'refunded')
  return { unpaid: unpaid.length, unrefunded: unrefunded.length }
}

async function inTurns<T>(count: number, work: (no: number) => Promise<T>): Promise<T[]> {
  const done: T[] = []
  for (let at = 0; at < count; at += TOGETHER) {
    const some = Array.from({ length: Math.min(TOGETHER, count - at) }, (_, index) => work(at + index))
    done.push(...(await Promise.all(some)))
  }
  return done
}
