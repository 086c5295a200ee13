import { sql } from 'kysely'
import type { Books } from './books.ts'

/**
 * I5: a claimed message with coins or tokens has exactly one claim transaction; an unclaimed, withdrawn or expired one
 * has none.
 */
export async function claimsAreExactlyOnce(books: Books): Promise<void> {
  await books.breachedBy(
    'a message has not exactly the claim transactions that its state asks for',
    sql`select m.message_id, m.app_id, m.user_id, m.state, m.coins, m.tokens, m.tokens_taken, count(lt.ledger_seq) as claims
      from inbox_messages m
      left join ledger_transactions lt
        on lt.app_id = m.app_id and lt.kind = 'inbox_claim' and lt.source_id = m.message_id
      group by m.message_id, m.app_id, m.user_id, m.state, m.coins, m.tokens, m.tokens_taken
      having count(lt.ledger_seq) <> case when m.state = 'claimed' and (m.coins > 0 or m.tokens > m.tokens_taken) then 1 else 0 end`,
  )
  await books.breachedBy(
    "a claim's postings are not what its message held for its player",
    sql`select *
      from (
        select m.message_id, m.app_id, m.user_id, lt.ledger_seq, m.coins, m.tokens - m.tokens_taken as tokens,
          sum(case when p.currency = 'coins' then p.amount else 0 end) as coins_posted,
          sum(case when p.currency = 'tokens' then p.amount else 0 end) as tokens_posted,
          sum(case
            when lt.user_id <> m.user_id then 1
            when p.amount is null then 0
            when p.from_account = concat('inbox:', m.user_id) and p.to_account = concat('player:', m.user_id) then 0
            else 1 end) as postings_elsewhere
        from inbox_messages m
        join ledger_transactions lt
          on lt.app_id = m.app_id and lt.kind = 'inbox_claim' and lt.source_id = m.message_id
        left join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq
        group by m.message_id, m.app_id, m.user_id, lt.user_id, lt.ledger_seq, m.coins, m.tokens,
          m.tokens_taken
      ) posted
      where coins_posted <> coins or tokens_posted <> tokens or postings_elsewhere > 0`,
  )
  await books.breachedBy(
    'a claim transaction has no message',
    sql`select lt.app_id, lt.source_id as message_id, lt.user_id, lt.ledger_seq
      from ledger_transactions lt
      left join inbox_messages m on m.app_id = lt.app_id and m.message_id = lt.source_id
      where lt.kind = 'inbox_claim' and m.message_id is null`,
  )
  await books.breachedBy(
    'a message holds less than nothing, is in no known state, or is claimed without a time or the reverse',
    sql`select message_id, app_id, user_id, state, coins, tokens, tokens_taken, claimed_at_ms
      from inbox_messages
      where coins < 0 or tokens < 0 or tokens_taken < 0 or tokens_taken > tokens or state not in ('unclaimed', 'claimed', 'withdrawn', 'expired')
        or (state = 'claimed' and claimed_at_ms is null) or (state = 'unclaimed' and claimed_at_ms is not null)`,
  )
}
