import { sql } from 'kysely'
import type { Books } from './books.ts'

/** I3: each order that was ever granted has exactly one grant transaction, and one reward message when tokens > 0. */
export async function grantsAreExactlyOnce(books: Books): Promise<void> {
  await eachOrderHasItsGrant(books)
  await eachGrantGaveItsOrder(books)
  await eachGrantWasPaid(books)
  await eachRewardIsInTheInbox(books)
}

async function eachOrderHasItsGrant(books: Books): Promise<void> {
  await books.breachedBy(
    'a granted order has not exactly one grant transaction',
    sql`select o.app_id, o.order_id, o.user_id, count(lt.ledger_seq) as grants
      from orders o
      left join ledger_transactions lt
        on lt.app_id = o.app_id and lt.kind = 'order_grant' and lt.source_id = o.order_id
      where o.granted_payment_id is not null
      group by o.app_id, o.order_id, o.user_id
      having count(lt.ledger_seq) <> 1`,
  )
  await books.breachedBy(
    'a grant transaction has no granted order',
    sql`select lt.app_id, lt.source_id as order_id, lt.user_id, lt.ledger_seq
      from ledger_transactions lt
      left join orders o on o.app_id = lt.app_id and o.order_id = lt.source_id and o.granted_payment_id is not null
      where lt.kind = 'order_grant' and o.order_id is null`,
  )
  await books.breachedBy(
    "an order's status does not fit whether it was granted",
    sql`select app_id, order_id, user_id, status, granted_payment_id
      from orders
      where (granted_payment_id is null and status in ('completed', 'disputed'))
        or (granted_payment_id is not null
          and (status not in ('completed', 'disputed', 'refunded') or granted_at_ms is null
            or balance_coins_after is null or balance_tokens_after is null))`,
  )
}

async function eachGrantGaveItsOrder(books: Books): Promise<void> {
  await books.breachedBy(
    "a grant's postings are not what its order gave to its player",
    sql`select *
      from (
        select o.app_id, o.order_id, o.user_id, lt.ledger_seq, o.coins, o.tokens,
          sum(case when p.currency = 'coins' then p.amount else 0 end) as coins_posted,
          sum(case when p.currency = 'tokens' then p.amount else 0 end) as tokens_posted,
          sum(case
            when lt.user_id <> o.user_id then 1
            when p.amount is null then 0
            when p.currency = 'coins' and p.from_account = 'sales' and p.to_account = concat('player:', o.user_id) then 0
            when p.currency = 'tokens' and p.from_account in ('sales', 'bonus')
              and p.to_account = concat('inbox:', o.user_id) then 0
            else 1 end) as postings_elsewhere
        from orders o
        join ledger_transactions lt on lt.app_id = o.app_id and lt.kind = 'order_grant' and lt.source_id = o.order_id
        left join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq
        where o.granted_payment_id is not null
        group by o.app_id, o.order_id, o.user_id, lt.user_id, lt.ledger_seq, o.coins, o.tokens
      ) posted
      where coins_posted <> coins or tokens_posted <> tokens or postings_elsewhere > 0`,
  )
  // tokens = base + floor(base * bonus), for each piece; computed here a second time, from what the order froze.
  const percent = sql`case when is_first_charge = 1 then first_charge_bonus_percent else bonus_percent end`
  const bonus = sql`(tokens_base * (${percent}) - (tokens_base * (${percent})) % 100) / 100`
  await books.breachedBy(
    'an order gave other tokens than its own terms promise',
    sql`select app_id, order_id, user_id, tokens, tokens_base, quantity, is_first_charge, bonus_percent,
        first_charge_bonus_percent
      from orders
      where granted_payment_id is not null and tokens <> (tokens_base + ${bonus}) * quantity`,
  )
  await books.breachedBy(
    'what only a grant, or as a bonus an invitation, may give was posted by something else',
    sql`select p.user_id, p.ledger_seq, p.posting_no, p.from_account, p.to_account, p.currency, p.amount, lt.kind
      from postings p
      join ledger_transactions lt on lt.user_id = p.user_id and lt.ledger_seq = p.ledger_seq
      where p.from_account in ('sales', 'bonus') and lt.kind <> 'order_grant'
        and not (p.from_account = 'bonus' and lt.kind = 'invite_reward')`,
  )
}

async function eachGrantWasPaid(books: Books): Promise<void> {
  await books.breachedBy(
    'a granted order has not exactly one granted line of its payment',
    sql`select o.app_id, o.order_id, o.user_id, o.granted_payment_id, count(l.line_no) as granted_lines
      from orders o
      left join payment_lines l on l.payment_id = o.granted_payment_id and l.app_id = o.app_id
        and l.granted_order_id = o.order_id and l.standing = 'granted'
      where o.granted_payment_id is not null
      group by o.app_id, o.order_id, o.user_id, o.granted_payment_id
      having count(l.line_no) <> 1`,
  )
  await books.breachedBy(
    'a payment line stands as granted without the order that it was granted to, or names one and is not',
    sql`select l.payment_id, l.line_no, l.app_id, l.order_id, l.standing, l.granted_order_id
      from payment_lines l
      left join orders o on o.app_id = l.app_id and o.order_id = l.granted_order_id
        and o.granted_payment_id = l.payment_id
      where (l.standing = 'granted' and o.order_id is null)
        or (l.standing <> 'granted' and l.granted_order_id is not null)`,
  )
  // An approval may give the money to another order, player or item; the order that the payment itself named is exact.
  await books.breachedBy(
    'an order was granted for money that is not its own: other player, item, quantity, price or currency',
    sql`select o.app_id, o.order_id, o.user_id, p.payer_user_id, l.payment_id, l.line_no, o.item_id,
        l.item_id as item_paid, o.price_minor, l.price_minor as price_paid, o.currency, l.currency as currency_paid
      from payment_lines l
      join payments p on p.payment_id = l.payment_id
      join orders o on o.app_id = l.app_id and o.order_id = l.order_id and o.granted_payment_id = l.payment_id
      where l.standing = 'granted' and l.granted_order_id = l.order_id
        and (o.user_id <> p.payer_user_id or o.item_id <> l.item_id or o.quantity <> l.quantity
          or o.price_minor <> l.price_minor or o.currency <> l.currency)`,
  )
}

async function eachRewardIsInTheInbox(books: Books): Promise<void> {
  await books.breachedBy(
    'a granted order has not exactly the reward message that it owes',
    sql`select *
      from (
        select o.app_id, o.order_id, o.user_id, o.tokens, o.act_items, count(m.message_id) as messages,
          coalesce(sum(m.tokens), 0) as tokens_in_messages, coalesce(sum(m.coins), 0) as coins_in_messages,
          sum(case when m.user_id <> o.user_id then 1 else 0 end) as messages_elsewhere
        from orders o
        left join inbox_messages m on m.app_id = o.app_id and m.reward_order_id = o.order_id
        where o.granted_payment_id is not null
        group by o.app_id, o.order_id, o.user_id, o.tokens, o.act_items
      ) rewards
      where messages <> case when tokens > 0 or act_items <> '[]' then 1 else 0 end
        or tokens_in_messages <> tokens or coins_in_messages <> 0 or messages_elsewhere > 0`,
  )
  await books.breachedBy(
    'a reward message has no granted order',
    sql`select m.message_id, m.app_id, m.reward_order_id as order_id, m.user_id, m.coins, m.tokens
      from inbox_messages m
      left join orders o on o.app_id = m.app_id and o.order_id = m.reward_order_id
        and o.granted_payment_id is not null
      where m.reward_order_id is not null and o.order_id is null`,
  )
}
