import type { InvariantName } from '../../src/cli/audit/invariants.ts'
import type { Planted } from './planted.ts'

const breaks =
  (invariant: InvariantName) =>
  (what: string, plant: Planted['plant']): Planted => ({ breaks: invariant, what, plant })
const i3 = breaks('I3')
const i11 = breaks('I11')

const tokens = (amount: number, from: string, to: string) => ({ from, to, currency: 'tokens', amount })

/** Eve has invited finn: 300 coins and 3 tokens were for her, 7 tokens for him. */
export const PLANTED_IN_INVITATIONS: readonly Planted[] = [
  i11(
    'a player who was invited by themselves',
    ({ change, dora }) => change`update users set inviter_id = ${dora} where user_id = ${dora}`,
  ),
  i11(
    'a player who was invited from another app',
    ({ change, carl, dora }) => change`update users set inviter_id = ${carl} where user_id = ${dora}`,
  ),
  i11(
    'a reward for somebody else than the inviter',
    ({ change, dora, finn }) => change`update users set inviter_id = ${dora} where user_id = ${finn}`,
  ),
  i11(
    'a reward for another order than the first',
    ({ change, finn }) => change`update invite_rewards set order_id = 'later' where invited_user_id = ${finn}`,
  ),
  i11(
    'a reward that is still due although it was given',
    ({ change }) => change`update invite_rewards set state = 'due', settled_at_ms = null`,
  ),
  i11('a reward that is void although it was given', ({ change }) => change`update invite_rewards set state = 'void'`),
  i11('a reward that was given at no time', ({ change }) => change`update invite_rewards set settled_at_ms = null`),
  i11('a reward that says it was given and gave nobody anything', async ({ change, anna, ben, nowMs }) => {
    await change`update users set inviter_id = ${anna} where user_id = ${ben}`
    await change`insert into invite_rewards values (${ben}, ${anna}, 'com.funtriolimited.slots.casino.free', 'unnamed',
      'given', null, null, ${nowMs}, ${nowMs})`
  }),
  i11(
    "an inviter's message that the reward does not know",
    ({ change }) => change`update invite_rewards set inviter_message_id = null`,
  ),
  i11(
    "an invited player's message that the reward does not know",
    ({ change }) => change`update invite_rewards set invited_message_id = null`,
  ),
  i11(
    'a reward whose message is of another kind',
    ({ change, eve }) => change`update inbox_messages set kind = 'gift' where user_id = ${eve}`,
  ),
  i11('a reward that was booked under another name', async ({ change, relink, eve }) => {
    await change`update ledger_transactions set source_id = 'friend' where user_id = ${eve}`
    await relink(eve)
  }),
  i11('a second reward for the same invitation', async ({ append, change, eve, finn }) => {
    const postings = [tokens(3, 'bonus', `inbox:${eve}`)]
    await append(eve, { kind: 'invite_reward', sourceId: `${finn}:inviter again`, postings })
    await change`update users set inbox_tokens = inbox_tokens + 3 where user_id = ${eve}`
    await change`update inbox_messages set tokens = tokens + 3 where user_id = ${eve}`
  }),
  i11('a reward that was booked as more than its message holds', async ({ change, relink, eve }) => {
    await change`update postings set amount = 4 where user_id = ${eve} and currency = 'tokens'`
    await change`update users set inbox_tokens = 4 where user_id = ${eve}`
    await change`insert into inbox_messages select 'msg_planted', app_id, user_id, 'gift', null, title_en, title_zh,
      0, 1, act_items, state, created_at_ms, null, null, 0 from inbox_messages where user_id = ${eve}`
    await relink(eve)
  }),
  i11('a reward that came from elsewhere than the bonus', async ({ change, relink, eve }) => {
    await change`update postings set from_account = 'support' where user_id = ${eve}`
    await relink(eve)
  }),
  i3('a bonus that goes by another name', ({ append, dora }) =>
    append(dora, { kind: 'support', sourceId: 'bonus', postings: [tokens(3, 'bonus', `player:${dora}`)] }),
  ),
]
