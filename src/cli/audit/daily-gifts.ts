import { sql } from 'kysely'
import type { Books } from './books.ts'

/**
 * I6: one daily gift a player a local date. A gift is a ledger transaction of kind `daily_gift` whose source id is
 * `<player's number>:<YYYY-MM-DD>`, the date where the player's app turns its day.
 */
export async function dailyGiftsAreOnceADate(books: Books): Promise<void> {
  await books.breachedBy(
    "a daily gift does not name its own player and a date, so that nothing keeps it from being a day's second",
    sql`select user_id, ledger_seq, app_id, source_id
      from ledger_transactions
      where kind = 'daily_gift' and source_id not like concat(user_id, ':____-__-__')`,
  )
  await books.breachedBy(
    'a player has more than one daily gift of a date',
    sql`select user_id, source_id, count(*) as gifts
      from ledger_transactions
      where kind = 'daily_gift'
      group by user_id, source_id
      having count(*) > 1`,
  )
  await books.breachedBy(
    'a daily gift was posted by something else',
    sql`select p.user_id, p.ledger_seq, p.posting_no, p.to_account, p.currency, p.amount, lt.kind
      from postings p
      join ledger_transactions lt on lt.user_id = p.user_id and lt.ledger_seq = p.ledger_seq
      where p.from_account = 'daily_gift' and lt.kind <> 'daily_gift'`,
  )
}
