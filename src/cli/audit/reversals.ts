import { sql } from 'kysely'
import type { Books } from './books.ts'

// A reversal names its order first: the order's id, or that id, a blank (which no id holds) and a number of its own.
const REVERSED_ORDER = sql`substr(lt.source_id, 1, instr(concat(lt.source_id, ' '), ' ') - 1)`

/**
 * I7: what an order's reversals took less what its restorations gave back is, per currency, the whole grant when it is
 * refunded after a grant, its partial refunds' share when it is not, and never below 0 nor above the grant.
 *
 * What was taken is what ledger transactions of kind `order_refund` moved to the account `refund`, less what those of
 * kind `order_restore` moved back from it; a write-off passes through the wallet and is neither. A partial refund's
 * exact share is known to its channel alone, so of an order that is not refunded the bounds are checked: no less than
 * nothing, and, where it cost something, not yet everything.
 */
export async function reversalsFitTheirGrants(books: Books): Promise<void> {
  const taken = sql`select o.app_id, o.order_id,
      sum(case when p.currency <> 'coins' then 0 when p.to_account = 'refund' then p.amount
        when p.from_account = 'refund' then -p.amount else 0 end) as coins,
      sum(case when p.currency <> 'tokens' then 0 when p.to_account = 'refund' then p.amount
        when p.from_account = 'refund' then -p.amount else 0 end) as tokens
    from ledger_transactions lt
    join orders o on o.app_id = lt.app_id and o.order_id = ${REVERSED_ORDER} and o.user_id = lt.user_id
    join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq
    where lt.kind in ('order_refund', 'order_restore')
    group by o.app_id, o.order_id`
  await books.breachedBy(
    'a refunded order was not taken back in full',
    sql`select o.app_id, o.order_id, o.user_id, o.coins, coalesce(taken.coins, 0) as coins_taken, o.tokens,
        coalesce(taken.tokens, 0) as tokens_taken
      from orders o
      left join (${taken}) taken on taken.app_id = o.app_id and taken.order_id = o.order_id
      where o.status = 'refunded' and o.granted_payment_id is not null
        and (coalesce(taken.coins, 0) <> o.coins or coalesce(taken.tokens, 0) <> o.tokens)`,
  )
  await books.breachedBy(
    'an order that is not refunded was taken back in full, beyond that, or below nothing',
    sql`select o.app_id, o.order_id, o.user_id, o.status, o.coins, taken.coins as coins_taken, o.tokens,
        taken.tokens as tokens_taken
      from orders o
      join (${taken}) taken on taken.app_id = o.app_id and taken.order_id = o.order_id
      where o.status <> 'refunded'
        and (taken.coins < 0 or taken.tokens < 0 or taken.coins > o.coins or taken.tokens > o.tokens
          or (o.price_minor > 0
            and ((o.coins > 0 and taken.coins = o.coins) or (o.tokens > 0 and taken.tokens = o.tokens))))`,
  )
  await books.breachedBy(
    'a reversal or a restoration has no granted order of its player',
    sql`select lt.user_id, lt.ledger_seq, lt.app_id, lt.kind, lt.source_id
      from ledger_transactions lt
      left join orders o on o.app_id = lt.app_id and o.order_id = ${REVERSED_ORDER} and o.user_id = lt.user_id
        and o.granted_payment_id is not null
      where lt.kind in ('order_refund', 'order_restore') and o.order_id is null`,
  )
}
