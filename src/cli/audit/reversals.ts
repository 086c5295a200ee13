import { type RawBuilder, sql } from 'kysely'
import type { GameCurrency } from '../../kernel/money.ts'
import type { Books } from './books.ts'
import { reversalsAreRemembered } from './reversal-records.ts'

// A reversal names its order first: the order's id, or that id, a blank (which no id holds) and a number of its own.
const REVERSED_ORDER = sql`substr(lt.source_id, 1, instr(concat(lt.source_id, ' '), ' ') - 1)`

const REVERSALS = sql`lt.kind in ('order_refund', 'order_restore')`

const ORDER = sql`o.app_id, o.order_id, o.user_id, o.status, o.price_minor, o.coins, o.tokens`

// One pass over what reversals moved, beside a nothing for each refunded order. The joins are left ones although every
// reversal has its order: they keep the engine from starting at the orders, where it would read a player's whole ledger
// for each of that player's orders (two minutes at thirty thousand orders, where this takes a moment).
const TAKEN_BACK = sql`select app_id, order_id, user_id, status, price_minor, coins, sum(coins_moved) as coins_taken, tokens,
    sum(tokens_moved) as tokens_taken
  from (
    select ${ORDER}, 0 as coins_moved, 0 as tokens_moved
    from orders o
    where o.status = 'refunded' and o.granted_payment_id is not null
    union all
    select ${ORDER}, ${moved('coins')} as coins_moved, ${moved('tokens')} as tokens_moved
    from ledger_transactions lt
    left join orders o on o.app_id = lt.app_id and o.order_id = ${REVERSED_ORDER} and o.user_id = lt.user_id
    left join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq
    where ${REVERSALS}
  ) moves
  group by app_id, order_id, user_id, status, price_minor, coins, tokens`

/** What a posting took to the account of refunds, or brought back from it. */
function moved(currency: GameCurrency): RawBuilder<unknown> {
  return sql`case when p.currency <> ${sql.lit(currency)} then 0 when p.to_account = 'refund' then p.amount
      when p.from_account = 'refund' then -p.amount else 0 end`
}

/**
 * I7: what an order's reversals took less what its restorations gave back is, per currency, the whole grant when it is
 * refunded after a grant, its partial refunds' share when it is not, and never below 0 nor above the grant.
 *
 * What was taken is what ledger transactions of kind `order_refund` moved to the account `refund`, less what those of
 * kind `order_restore` moved back from it; a write-off passes through the wallet and is neither. The exact share of a
 * partial refund follows from what was told of the payment; the ledger alone gives the bounds: no less than nothing,
 * and, where it cost something, not yet everything.
 */
export async function reversalsFitTheirGrants(books: Books): Promise<void> {
  await books.breachedBy(
    'a refunded order was not taken back in full',
    sql`${TAKEN_BACK}
      having status = 'refunded' and (sum(coins_moved) <> coins or sum(tokens_moved) <> tokens)`,
  )
  await books.breachedBy(
    'an order that is not refunded was taken back in full, beyond that, or below nothing',
    sql`${TAKEN_BACK}
      having status <> 'refunded'
        and (sum(coins_moved) < 0 or sum(tokens_moved) < 0 or sum(coins_moved) > coins or sum(tokens_moved) > tokens
          or (price_minor > 0
            and ((coins > 0 and sum(coins_moved) = coins) or (tokens > 0 and sum(tokens_moved) = tokens))))`,
  )
  await books.breachedBy(
    'a reversal or a restoration has no granted order of its player',
    sql`select lt.user_id, lt.ledger_seq, lt.app_id, lt.kind, lt.source_id
      from ledger_transactions lt
      left join orders o on o.app_id = lt.app_id and o.order_id = ${REVERSED_ORDER} and o.user_id = lt.user_id
        and o.granted_payment_id is not null
      where ${REVERSALS} and o.order_id is null`,
  )
  await reversalsAreRemembered(books)
}
