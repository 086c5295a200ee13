import { sql } from 'kysely'
import { mayBecome, ORDER_STATUSES } from '../../features/orders/index.ts'
import type { Books } from './books.ts'

/** I8: one outbox event for each recorded change of an order's state, its creation included. */
export async function orderStatesAreTold(books: Books): Promise<void> {
  await books.breachedBy(
    "an order's events are not numbered from 1 to its state version",
    sql`select o.app_id, o.order_id, o.user_id, o.status, o.state_version, count(e.state_version) as events
      from orders o
      left join outbox_events e on e.app_id = o.app_id and e.order_id = o.order_id
      group by o.app_id, o.order_id, o.user_id, o.status, o.state_version
      having count(e.state_version) <> o.state_version or coalesce(min(e.state_version), 0) <> 1
        or max(e.state_version) <> o.state_version`,
  )
  await books.breachedBy(
    "an order's last event tells another status, or is told of another player",
    sql`select o.app_id, o.order_id, o.user_id, o.status, o.state_version, e.type, e.user_id as told_of
      from orders o
      join outbox_events e
        on e.app_id = o.app_id and e.order_id = o.order_id and e.state_version = o.state_version
      where e.type <> concat('order.', o.status) or e.user_id <> o.user_id`,
  )
  const ways = ORDER_STATUSES.flatMap((from) =>
    ORDER_STATUSES.filter((to) => mayBecome(from, to)).map((to) => `order.${from} order.${to}`),
  )
  await books.breachedBy(
    "an order's events tell a change that the table of states forbids",
    sql`select e.app_id, e.order_id, e.user_id, e.state_version, e.type as type_before, later.type
      from outbox_events e
      join outbox_events later
        on later.app_id = e.app_id and later.order_id = e.order_id and later.state_version = e.state_version + 1
      where concat(e.type, ' ', later.type) not in (${sql.join(ways)})`,
  )
  await books.breachedBy(
    'an event tells of no order that there is, or not of which state',
    sql`select e.user_id, e.event_seq, e.app_id, e.type, e.order_id, e.state_version
      from outbox_events e
      left join orders o on o.app_id = e.app_id and o.order_id = e.order_id
      where (e.order_id is not null and (o.order_id is null or e.state_version is null))
        or (e.order_id is null and (e.state_version is not null or e.type like 'order.%'))`,
  )
}
