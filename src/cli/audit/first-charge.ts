import { sql } from 'kysely'
import type { Books } from './books.ts'

// A gift has no price, and a coupon over all of a price leaves nothing to be charged.
const WAS_PAID = sql`o.price_minor > 0 and coalesce(p.charged_minor, o.price_minor) > 0`

/** I4: at most one first-charge order a player. It is the player's earliest grant that was paid for, and the player's row names it. */
export async function firstChargesAreOnce(books: Books): Promise<void> {
  await books.breachedBy(
    'a player has more than one first-charge order',
    sql`select user_id, count(*) as first_charges
      from orders
      where is_first_charge = 1
      group by user_id
      having count(*) > 1`,
  )
  await books.breachedBy(
    'a first-charge mark is not what the unique key guards, or stands on an order that was never granted',
    sql`select app_id, order_id, user_id, is_first_charge, first_charge_of, granted_payment_id
      from orders
      where (is_first_charge = 1 and (granted_payment_id is null or coalesce(first_charge_of, 0) <> user_id))
        or (is_first_charge = 0 and first_charge_of is not null)
        or is_first_charge not in (0, 1)`,
  )
  await books.breachedBy(
    'a first-charge order is not the one that its player names',
    sql`select o.app_id, o.order_id, o.user_id, u.first_charge_order_id
      from orders o
      left join users u on u.user_id = o.user_id and u.app_id = o.app_id
      where o.is_first_charge = 1 and coalesce(u.first_charge_order_id, '') <> o.order_id`,
  )
  await books.breachedBy(
    "a player names a first charge that is no first-charge order of the player's",
    sql`select u.user_id, u.first_charge_order_id
      from users u
      left join orders o on o.app_id = u.app_id and o.order_id = u.first_charge_order_id
        and o.user_id = u.user_id and o.is_first_charge = 1
      where u.first_charge_order_id is not null and o.order_id is null`,
  )
  await books.breachedBy(
    'a player has a granted order and still a first charge to spend',
    sql`select u.user_id, count(*) as granted_orders
      from users u
      join orders o on o.user_id = u.user_id
      join payments p on p.payment_id = o.granted_payment_id
      where u.first_charge_order_id is null and ${WAS_PAID}
      group by u.user_id`,
  )
  // By the ledger's numbers, not by the time of day: clocks jump.
  await books.breachedBy(
    "a player's first charge is not the player's earliest grant",
    sql`select u.user_id, u.first_charge_order_id, earliest.ledger_seq
      from users u
      join (
        select grants.user_id, min(grants.ledger_seq) as ledger_seq
        from ledger_transactions grants
        join orders o on o.app_id = grants.app_id and o.order_id = grants.source_id
        join payments p on p.payment_id = o.granted_payment_id
        where grants.kind = 'order_grant' and ${WAS_PAID}
        group by grants.user_id
      ) earliest on earliest.user_id = u.user_id
      left join ledger_transactions first_charge on first_charge.user_id = u.user_id
        and first_charge.kind = 'order_grant' and first_charge.source_id = u.first_charge_order_id
      where u.first_charge_order_id is not null
        and (first_charge.ledger_seq is null or first_charge.ledger_seq > earliest.ledger_seq)`,
  )
}
