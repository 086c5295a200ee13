import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Db } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { OrderId, PaymentEventId, PaymentId, ReviewEntryId } from '../../kernel/ids.ts'
import {
  type EventHead,
  type Person,
  selectBodies,
  selectEventsOfPayments,
  selectFailuresOfOrders,
  selectMisplacedFailures,
  selectOrdersOf,
  selectPaymentsOfOrders,
  selectStrayEvents,
  selectStrayPayments,
} from './evidence-queries.ts'
import { namesPlayer } from './rules.ts'

// Short statements: a payment that meets one waits for milliseconds.
const ORDERS_A_PAGE = 50
const PAYMENTS_A_PAGE = 50
const EVENTS_A_PAGE = 200
// A body may have 1 MiB; this many are in memory at once.
export const BODIES_A_PAGE = 20

/** Everything that a player ever ordered, oldest first, in pages. */
export async function* ordersOf(db: Db, { playerId }: Person): AsyncGenerator<Row<'orders'>[]> {
  for (let after: Row<'orders'> | null = null; ; ) {
    const page: Row<'orders'>[] = await selectOrdersOf(db, { playerId, after, limit: ORDERS_A_PAGE })
    if (page.length > 0) yield page
    after = page.at(-1) ?? null
    if (page.length < ORDERS_A_PAGE || after === null) return
    // An embedded database answers without giving the event loop a turn.
    await nextTurn()
  }
}

/** Every payment in a player's name, each once, in pages: those of their orders, then those that no order leads to. */
export async function* paymentsOf(db: Db, person: Person): AsyncGenerator<Row<'payments'>[]> {
  for await (const orders of ordersOf(db, person)) {
    const page = await selectPaymentsOfOrders(db, { ...person, orderIds: orders.map((order) => order.order_id) })
    if (page.length > 0) yield page
  }
  for (let after: ReviewEntryId | null = null; ; ) {
    const page: Awaited<ReturnType<typeof selectStrayPayments>> = await selectStrayPayments(db, {
      ...person,
      after,
      limit: PAYMENTS_A_PAGE,
    })
    if (page.length > 0) yield page.map(({ payment }) => payment)
    after = page.at(-1)?.entryId ?? null
    if (page.length < PAYMENTS_A_PAGE || after === null) return
    await nextTurn()
  }
}

/** A page of the messages that told of some payments, after one that was seen already. */
export function eventPage(
  db: Db,
  { paymentIds, after }: { paymentIds: readonly PaymentId[]; after: EventHead | null },
): Promise<EventHead[]> {
  return selectEventsOfPayments(db, { paymentIds, after: after?.event_id ?? null, limit: EVENTS_A_PAGE })
}

/** The last of a page, when there may be more behind it. */
export function endOfPage(page: readonly EventHead[]): EventHead | null {
  return page.length < EVENTS_A_PAGE ? null : (page.at(-1) ?? null)
}

/** Every message about a player that told of no payment of theirs, in pages: failures, then what belongs to nobody. */
export async function* otherEventsOf(db: Db, person: Person): AsyncGenerator<EventHead[]> {
  for await (const orders of ordersOf(db, person)) {
    yield* failuresOf(db, { ...person, orderIds: orders.map((order) => order.order_id) })
  }
  for (const select of [selectStrayEvents, selectMisplacedFailures]) {
    for (let after: EventHead | null = null; ; ) {
      const page: EventHead[] = await select(db, { appId: person.appId, after, limit: EVENTS_A_PAGE })
      yield* thoseThatName(db, { ...person, page })
      after = endOfPage(page)
      if (after === null) break
      await nextTurn()
    }
  }
}

async function* thoseThatName(
  db: Db,
  { playerId, page }: Person & { page: readonly EventHead[] },
): AsyncGenerator<EventHead[]> {
  for (let start = 0; start < page.length; start += BODIES_A_PAGE) {
    const heads = page.slice(start, start + BODIES_A_PAGE)
    const bodies = await selectBodies(
      db,
      heads.map((head) => head.event_id),
    )
    const named = heads.filter(({ event_id }) => namesPlayer(bodies.get(event_id) ?? NO_BODY, playerId))
    if (named.length > 0) yield named
  }
}

const NO_BODY = new Uint8Array(0)

async function* failuresOf(
  db: Db,
  { appId, orderIds }: Pick<Person, 'appId'> & { orderIds: readonly OrderId[] },
): AsyncGenerator<EventHead[]> {
  for (let after: PaymentEventId | null = null; ; ) {
    const page: EventHead[] = await selectFailuresOfOrders(db, { appId, orderIds, after, limit: EVENTS_A_PAGE })
    if (page.length > 0) yield page
    after = endOfPage(page)?.event_id ?? null
    if (after === null) return
  }
}
