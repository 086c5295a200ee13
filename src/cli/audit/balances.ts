import { type RawBuilder, sql } from 'kysely'
import { GAME_CURRENCIES, type GameCurrency } from '../../kernel/money.ts'
import { type Books, countable } from './books.ts'

/** I2: each wallet balance, and each inbox account's, equals its postings; and the inbox, its unclaimed messages. */
export async function balancesFollowFromPostings(books: Books): Promise<void> {
  await books.breachedBy(
    'a stored balance is not the sum of its postings',
    sql`select u.user_id, ${sql.join(BALANCES.map(stored))}
      from users u
      left join (
        select user_id,
          ${sql.join(BALANCES.map(posted))}
        from postings
        group by user_id
      ) posted on posted.user_id = u.user_id
      where ${sql.join(BALANCES.map(differs), sql` or `)}`,
  )
  await books.breachedBy(
    'an inbox account is not the sum of its unclaimed messages',
    sql`select u.user_id,
        ${countable(sql`u.inbox_coins`)} as inbox_coins, coalesce(waiting.coins, 0) as coins_unclaimed,
        ${countable(sql`u.inbox_tokens`)} as inbox_tokens, coalesce(waiting.tokens, 0) as tokens_unclaimed
      from users u
      left join (
        select user_id, sum(coins) as coins, sum(tokens - tokens_taken) as tokens
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

interface Balance {
  readonly column: string
  readonly account: 'player' | 'inbox'
  readonly currency: GameCurrency
}

/** The stored balances, each with the account that it is of. */
const BALANCES: readonly Balance[] = GAME_CURRENCIES.flatMap((currency): Balance[] => [
  { column: currency, account: 'player', currency },
  { column: `inbox_${currency}`, account: 'inbox', currency },
])

const isStored = (column: string) => sql`u.${sql.ref(column)}`
const isPosted = (column: string) => sql`coalesce(posted.${sql.ref(column)}, 0)`

/** The balance that is stored beside the one that was posted. */
function stored({ column }: Balance): RawBuilder<unknown> {
  return sql`${countable(isStored(column))} as ${sql.ref(column)},
        ${countable(isPosted(column))} as ${sql.ref(`${column}_posted`)}`
}

function differs({ column }: Balance): RawBuilder<unknown> {
  return sql`${isStored(column)} <> ${isPosted(column)}`
}

/** What came to the account less what went from it. Each side by itself, so that a posting to itself moves nothing. */
function posted({ column, account, currency }: Balance): RawBuilder<unknown> {
  const owner = sql`concat(${sql.lit(`${account}:`)}, user_id)`
  return sql`sum(
    case when currency = ${sql.lit(currency)} and to_account = ${owner} then amount else 0 end
    - case when currency = ${sql.lit(currency)} and from_account = ${owner} then amount else 0 end) as ${sql.ref(column)}`
}
