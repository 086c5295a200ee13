import { sql } from 'kysely'
import { SYSTEM_ACCOUNTS } from '../../features/wallet/index.ts'
import { GAME_CURRENCIES } from '../../kernel/money.ts'
import { type Books, countable } from './books.ts'

// What moves between a player and the game: a game server's spends and grants between it and the wallet; and what
// expires goes from the inbox back to it, by whatever else.
const OF_GAME = sql`(p.from_account = 'game' or p.to_account = 'game')`
const BY_GAME_SERVER = sql`(p.from_account = concat('player:', p.user_id) or p.to_account = concat('player:', p.user_id))`
const EXPIRY = sql`p.from_account = concat('inbox:', p.user_id)`

/** I1: every posting is positive, between two different accounts, in one currency. */
export async function postingsAreSound(books: Books): Promise<void> {
  const amount = countable(sql`amount`)
  await books.breachedBy(
    'a posting is not a positive countable amount of a known currency between two accounts',
    sql`select user_id, ledger_seq, posting_no, from_account, to_account, currency, ${amount} as amount
      from postings
      where amount <= 0 or amount > ${sql.lit(Number.MAX_SAFE_INTEGER)} or from_account = to_account
        or currency not in (${sql.join(GAME_CURRENCIES)})`,
  )
  const known = sql.join([...SYSTEM_ACCOUNTS, sql`concat('player:', user_id)`, sql`concat('inbox:', user_id)`])
  await books.breachedBy(
    "a posting touches an account that is neither the system's nor its own player's",
    sql`select user_id, ledger_seq, posting_no, from_account, to_account, currency, ${amount} as amount
      from postings
      where from_account not in (${known}) or to_account not in (${known})`,
  )
  await books.breachedBy(
    'the postings of a ledger transaction are not numbered from 1 without a gap',
    sql`select lt.user_id, lt.ledger_seq, lt.kind, lt.source_id, count(p.posting_no) as postings
      from ledger_transactions lt
      left join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq
      group by lt.user_id, lt.ledger_seq, lt.kind, lt.source_id
      having coalesce(min(p.posting_no), 0) <> 1 or max(p.posting_no) <> count(p.posting_no)`,
  )
  await books.breachedBy(
    'a posting belongs to no ledger transaction',
    sql`select p.user_id, p.ledger_seq, p.posting_no, p.from_account, p.to_account, p.currency,
        ${countable(sql`p.amount`)} as amount
      from postings p
      left join ledger_transactions lt on lt.user_id = p.user_id and lt.ledger_seq = p.ledger_seq
      where lt.user_id is null`,
  )
  await books.breachedBy(
    'a posting of the account game was posted by something else, or a game server moved something else',
    sql`select p.user_id, p.ledger_seq, p.posting_no, p.from_account, p.to_account, p.currency,
        ${countable(sql`p.amount`)} as amount, lt.kind
      from postings p
      join ledger_transactions lt on lt.user_id = p.user_id and lt.ledger_seq = p.ledger_seq
      where (lt.kind = 'game' and not (${OF_GAME} and ${BY_GAME_SERVER}))
        or (lt.kind <> 'game' and ${OF_GAME} and not ${EXPIRY})`,
  )
}
