import { type RawBuilder, sql } from 'kysely'
import type { GameCurrency } from '../../kernel/money.ts'
import type { Books } from './books.ts'

/** I2: each wallet balance, and each inbox account's, equals its postings; and the inbox, its unclaimed messages. */
export async function balancesFollowFromPostings(books: Books): Promise<void> {
  await books.breachedBy(
    'a stored balance is not the sum of its postings',
    sql`select u.user_id,
        u.coins, coalesce(posted.coins, 0) as coins_posted,
        u.tokens, coalesce(posted.tokens, 0) as tokens_posted,
        u.inbox_coins, coalesce(posted.inbox_coins, 0) as inbox_coins_posted,
        u.inbox_tokens, coalesce(posted.inbox_tokens, 0) as inbox_tokens_posted
      from users u
      left join (
        select user_id,
          ${balance('player', 'coins')} as coins, ${balance('player', 'tokens')} as tokens,
          ${balance('inbox', 'coins')} as inbox_coins, ${balance('inbox', 'tokens')} as inbox_tokens
        from postings
        group by user_id
      ) posted on posted.user_id = u.user_id
      where u.coins <> coalesce(posted.coins, 0) or u.tokens <> coalesce(posted.tokens, 0)
        or u.inbox_coins <> coalesce(posted.inbox_coins, 0) or u.inbox_tokens <> coalesce(posted.inbox_tokens, 0)`,
  )
  await books.breachedBy(
    'an inbox account is not the sum of its unclaimed messages',
    sql`select u.user_id,
        u.inbox_coins, coalesce(waiting.coins, 0) as coins_unclaimed,
        u.inbox_tokens, coalesce(waiting.tokens, 0) as tokens_unclaimed
      from users u
      left join (
        select user_id, sum(coins) as coins, sum(tokens) as tokens
        from inbox_messages
        where state = 'unclaimed'
        group by user_id
      ) waiting on waiting.user_id = u.user_id
      where u.inbox_coins <> coalesce(waiting.coins, 0) or u.inbox_tokens <> coalesce(waiting.tokens, 0)`,
  )
  await books.breachedBy(
    'a message belongs to no player of its app',
    sql`select m.message_id, m.app_id, m.user_id, m.coins, m.tokens, m.state
      from inbox_messages m
      left join users u on u.user_id = m.user_id and u.app_id = m.app_id
      where u.user_id is null`,
  )
}

/** What came to the account less what went from it. Each side by itself, so that a posting to itself moves nothing. */
function balance(account: 'player' | 'inbox', currency: GameCurrency): RawBuilder<unknown> {
  const owner = sql`concat(${sql.lit(`${account}:`)}, user_id)`
  return sql`sum(
    case when currency = ${sql.lit(currency)} and to_account = ${owner} then amount else 0 end
    - case when currency = ${sql.lit(currency)} and from_account = ${owner} then amount else 0 end)`
}
