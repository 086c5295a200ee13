import { sql } from 'kysely'
import type { Books } from './books.ts'

/**
 * I11: an invitation rewards each of its two players at most once, with what a message of theirs holds. A reward is a
 * ledger transaction of kind `invite_reward` whose source id is `<the invited player's number>:<inviter or invited>`.
 */
export async function invitationsRewardOnce(books: Books): Promise<void> {
  await rewardsAreOfTheirPlayers(books)
  await eachRewardWasGiven(books)
  await nothingElseWasGiven(books)
}

async function rewardsAreOfTheirPlayers(books: Books): Promise<void> {
  await books.breachedBy(
    'a player was invited by nobody of the app, or by themselves',
    sql`select u.user_id, u.app_id, u.inviter_id
      from users u
      left join users i on i.user_id = u.inviter_id and i.app_id = u.app_id
      where u.inviter_id is not null and (i.user_id is null or i.user_id = u.user_id)`,
  )
  await books.breachedBy(
    "a reward is not for the invited player's own inviter and first order",
    sql`select r.invited_user_id, r.app_id, r.inviter_user_id, u.inviter_id, r.order_id, u.first_charge_order_id
      from invite_rewards r
      left join users u on u.user_id = r.invited_user_id and u.app_id = r.app_id
      where u.user_id is null or coalesce(u.inviter_id, 0) <> r.inviter_user_id
        or coalesce(u.first_charge_order_id, '') <> r.order_id`,
  )
  await books.breachedBy(
    "a reward's state does not fit whether anything of it was given",
    sql`select invited_user_id, inviter_user_id, app_id, state, inviter_message_id, invited_message_id, settled_at_ms
      from invite_rewards
      where state not in ('due', 'given', 'void') or (state = 'due') <> (settled_at_ms is null)
        or (state = 'given') <> (inviter_message_id is not null or invited_message_id is not null)`,
  )
}

/** What was given, a row for each player who got something. */
const GIVEN = sql`(
        select app_id, inviter_user_id as user_id, concat(invited_user_id, ':inviter') as source_id,
          inviter_message_id as message_id
        from invite_rewards
        where inviter_message_id is not null
        union all
        select app_id, invited_user_id as user_id, concat(invited_user_id, ':invited') as source_id,
          invited_message_id as message_id
        from invite_rewards
        where invited_message_id is not null
      )`

async function eachRewardWasGiven(books: Books): Promise<void> {
  await books.breachedBy(
    'a reward that was given is not what its message holds, or was not booked so',
    sql`select *
      from (
        select given.app_id, given.source_id, given.user_id, given.message_id, m.coins, m.tokens,
          sum(case when p.currency = 'coins' then p.amount else 0 end) as coins_posted,
          sum(case when p.currency = 'tokens' then p.amount else 0 end) as tokens_posted,
          sum(case
            when p.amount is null then 0
            when p.from_account = 'bonus' and p.to_account = concat('inbox:', given.user_id) then 0
            else 1 end) as postings_elsewhere
        from ${GIVEN} given
        left join inbox_messages m on m.message_id = given.message_id and m.user_id = given.user_id
          and m.kind = 'invite_reward'
        left join ledger_transactions lt on lt.app_id = given.app_id and lt.kind = 'invite_reward'
          and lt.source_id = given.source_id and lt.user_id = given.user_id
        left join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq
        group by given.app_id, given.source_id, given.user_id, given.message_id, m.coins, m.tokens
      ) posted
      where coins is null or coins_posted <> coins or tokens_posted <> tokens or postings_elsewhere > 0
        or coins_posted + tokens_posted = 0`,
  )
}

// By the number before the colon, so that each transaction finds its reward by key. `signed` is a whole number on both
// engines.
const INVITED = sql`cast(substr(lt.source_id, 1, instr(lt.source_id, ':') - 1) as signed)`

async function nothingElseWasGiven(books: Books): Promise<void> {
  await books.breachedBy(
    'a reward transaction has no invitation that gave it',
    sql`select lt.app_id, lt.source_id, lt.user_id, lt.ledger_seq
      from ledger_transactions lt
      left join invite_rewards r on r.invited_user_id = ${INVITED} and r.app_id = lt.app_id
        and ((lt.source_id = concat(r.invited_user_id, ':inviter') and lt.user_id = r.inviter_user_id
            and r.inviter_message_id is not null)
          or (lt.source_id = concat(r.invited_user_id, ':invited') and lt.user_id = r.invited_user_id
            and r.invited_message_id is not null))
      where lt.kind = 'invite_reward' and r.invited_user_id is null`,
  )
  await books.breachedBy(
    'a reward message has no invitation that gave it',
    sql`select m.message_id, m.app_id, m.user_id, m.coins, m.tokens
      from inbox_messages m
      left join invite_rewards sent on sent.inviter_user_id = m.user_id and sent.inviter_message_id = m.message_id
      left join invite_rewards taken on taken.invited_user_id = m.user_id and taken.invited_message_id = m.message_id
      where m.kind = 'invite_reward' and sent.invited_user_id is null and taken.invited_user_id is null`,
  )
}
