import type { InvariantName } from '../../src/cli/audit/invariants.ts'
import type { Planting } from './books-under-test.ts'
import type { Planted } from './planted.ts'

const breaks =
  (invariant: InvariantName) =>
  (what: string, plant: Planted['plant']): Planted => ({ breaks: invariant, what, plant })
const i3 = breaks('I3')
const i4 = breaks('I4')
const i5 = breaks('I5')
const i7 = breaks('I7')
const i8 = breaks('I8')

const APP = 'com.funtriolimited.slots.casino.free'

const GRANTS: readonly Planted[] = [
  i3('an order that was granted without a grant', async ({ change, relink, anna }) => {
    await change`update postings set from_account = 'support' where user_id = ${anna} and ledger_seq = 2`
    await change`update ledger_transactions set kind = 'support' where user_id = ${anna} and source_id = 'later'`
    await relink(anna)
  }),
  i3('a grant without an order', ({ append, anna }) =>
    append(anna, {
      kind: 'order_grant',
      sourceId: 'nowhere',
      postings: [{ from: 'sales', to: `player:${anna}`, currency: 'coins', amount: 1000 }],
    }),
  ),
  i3('a second grant under a name of its own', ({ append, anna }) =>
    append(anna, {
      kind: 'order_grant',
      sourceId: 'later#2',
      postings: [{ from: 'sales', to: `player:${anna}`, currency: 'coins', amount: 10_000 }],
    }),
  ),
  i3('an order that is completed and was never granted', async ({ change }) => {
    await change`update orders set status = 'completed' where order_id = 'cheap'`
    await change`update outbox_events set type = 'order.completed' where order_id = 'cheap'`
  }),
  i3('a grant of more coins than the order says', async ({ change, relink, anna }) => {
    await change`update postings set amount = amount + 100
      where user_id = ${anna} and ledger_seq = 2 and currency = 'coins'`
    await change`update users set coins = coins + 100 where user_id = ${anna}`
    await relink(anna)
  }),
  i3('coins of a grant that came from elsewhere', async ({ change, relink, anna }) => {
    await change`update postings set from_account = 'support' where user_id = ${anna} and ledger_seq = 2 and currency = 'coins'`
    await relink(anna)
  }),
  i3(
    'an order that gave more tokens than its terms promise',
    ({ change }) => change`update orders set bonus_percent = 0 where order_id = 'later'`,
  ),
  i3('a sale that goes by another name', ({ append, anna }) =>
    append(anna, {
      kind: 'support',
      sourceId: 'sale',
      postings: [{ from: 'sales', to: `player:${anna}`, currency: 'coins', amount: 5 }],
    }),
  ),
  i3(
    'a granted order whose payment line went elsewhere',
    ({ change }) => change`update payment_lines set granted_order_id = 'retried' where order_id = 'later'`,
  ),
  i3(
    'an order that was granted for less money than it costs',
    ({ change }) => change`update payment_lines set price_minor = 1 where order_id = 'later'`,
  ),
  i3(
    "an order that was granted for another player's money",
    ({ change, ben }) => change`update payments set payer_user_id = ${ben} where transaction_id = 'txn-later'`,
  ),
  i3(
    'a reward that is not in the inbox',
    ({ change }) => change`update inbox_messages set reward_order_id = null where reward_order_id = 'later'`,
  ),
  i3(
    'a reward for an order that was never granted',
    ({ change, nowMs, anna }) =>
      change`insert into inbox_messages values ('msg_planted', ${APP}, ${anna}, 'order_reward', 'cheap', '', '', 0, 0,
      '[{"id":"vip","name":"VIP","num":1}]', 'unclaimed', ${nowMs}, null, null, 0)`,
  ),
]

const FIRST_CHARGES: readonly Planted[] = [
  i4(
    'a first charge that can be spent again',
    ({ change, anna }) => change`update users set first_charge_order_id = null where user_id = ${anna}`,
  ),
  i4(
    'a second first-charge order',
    ({ change }) =>
      change`update orders set is_first_charge = 1, first_charge_bonus_percent = bonus_percent where order_id = 'later'`,
  ),
  i4(
    'a player who names another first charge',
    ({ change, anna }) => change`update users set first_charge_order_id = 'later' where user_id = ${anna}`,
  ),
  i4(
    'a first charge that nothing keeps from being repeated',
    ({ change, anna }) =>
      change`update orders set first_charge_of = null where user_id = ${anna} and order_id = 'first'`,
  ),
  i4('a first charge that was not the first', async ({ change, anna }) => {
    await change`update orders set is_first_charge = 0, first_charge_of = null, bonus_percent = first_charge_bonus_percent
      where user_id = ${anna} and order_id = 'first'`
    await change`update orders set is_first_charge = 1, first_charge_of = ${anna}, first_charge_bonus_percent = bonus_percent
      where order_id = 'later'`
    await change`update users set first_charge_order_id = 'later' where user_id = ${anna}`
  }),
  i4('a first charge spent on an order that failed', async ({ change, dora }) => {
    await change`update orders set is_first_charge = 1, first_charge_of = ${dora} where order_id = 'declined'`
    await change`update users set first_charge_order_id = 'declined' where user_id = ${dora}`
  }),
]

const claimedGift = ({ change, nowMs, anna }: Planting) =>
  change`insert into inbox_messages values ('msg_gift', ${APP}, ${anna}, 'gift', null, 'Gift', 'Gift', 5, 0, '[]',
    'claimed', ${nowMs}, null, ${nowMs}, 0)`
const claim = ({ append, anna }: Planting, posting: { from: string; amount: number }) =>
  append(anna, {
    kind: 'inbox_claim',
    sourceId: 'msg_gift',
    postings: [{ ...posting, to: `player:${anna}`, currency: 'coins' }],
  })

const CLAIMS: readonly Planted[] = [
  i5('a claimed message that credited nothing', claimedGift),
  i5('a claim of less than the message holds', async (books) => {
    await claimedGift(books)
    await claim(books, { from: 'support', amount: 4 })
  }),
  i5('a claim that was not paid from the inbox', async (books) => {
    await claimedGift(books)
    await claim(books, { from: 'support', amount: 5 })
  }),
  i5('a claim of no message', (books) => claim(books, { from: 'support', amount: 5 })),
  i5(
    'a message that was claimed and expired',
    ({ change, anna }) =>
      change`update inbox_messages set state = 'expired' where user_id = ${anna} and reward_order_id = 'first'`,
  ),
  i5(
    'a claim at no time',
    ({ change, anna }) =>
      change`update inbox_messages set claimed_at_ms = null where user_id = ${anna} and reward_order_id = 'first'`,
  ),
]

/** Marks an order as refunded, and tells of it, as the service would. */
export async function markRefunded({ change, nowMs, anna }: Planting, order: { orderId: string }): Promise<void> {
  await change`update orders set status = 'refunded', state_version = state_version + 1 where order_id = ${order.orderId}
    and user_id = ${anna}`
  await change`update users set event_seq = event_seq + 1 where user_id = ${anna}`
  await change`insert into outbox_events select u.user_id, u.event_seq, 'out_refund', u.app_id, 'order.refunded', o.order_id,
    o.state_version, '{}', ${nowMs} from users u join orders o on o.user_id = u.user_id
    where u.user_id = ${anna} and o.order_id = ${order.orderId}`
}

/** Takes coins and tokens of an order from the player's wallet, or gives them back with negative figures. */
export const reverse = ({ append, anna }: Planting, taken: { sourceId: string; coins?: number; tokens?: number }) =>
  append(anna, {
    kind: (taken.coins ?? 0) < 0 ? 'order_restore' : 'order_refund',
    sourceId: taken.sourceId,
    postings: (['coins', 'tokens'] as const).flatMap((currency) => {
      const amount = taken[currency] ?? 0
      if (amount === 0) return []
      const [from, to] = amount > 0 ? [`player:${anna}`, 'refund'] : ['refund', `player:${anna}`]
      return [{ from, to, currency, amount: Math.abs(amount) }]
    }),
  })

const REVERSALS: readonly Planted[] = [
  i7('a refunded order that was not taken back', (books) => markRefunded(books, { orderId: 'first' })),
  i7('a refunded order of which a token was left', async (books) => {
    await markRefunded(books, { orderId: 'first' })
    await reverse(books, { sourceId: 'first', coins: 1000, tokens: 21 })
  }),
  i7('a partial refund that took everything', (books) => reverse(books, { sourceId: 'first 1', coins: 1000 })),
  i7('partial refunds that took more than the grant', async (books) => {
    await reverse(books, { sourceId: 'first 1', coins: 600 })
    await reverse(books, { sourceId: 'first 2', coins: 600 })
  }),
  i7('a restoration of what was never taken', (books) => reverse(books, { sourceId: 'first 1', coins: -1 })),
  i7('a refund of no order', (books) => reverse(books, { sourceId: 'nowhere', coins: 1 })),
  i7("a refund of another player's order", (books) => reverse(books, { sourceId: 'unnamed', coins: 1 })),
  i7('a refund of an order that was never granted', (books) => reverse(books, { sourceId: 'cheap', coins: 1 })),
]

const EVENTS: readonly Planted[] = [
  i8(
    'a change of state that was told to nobody',
    ({ change }) => change`update orders set status = 'cancelled' where order_id = 'declined'`,
  ),
  i8(
    'a recorded state without its event',
    ({ change }) => change`update orders set state_version = state_version + 1 where order_id = 'later'`,
  ),
  i8(
    'an event that was made to tell of nothing',
    ({ change }) =>
      change`update outbox_events set order_id = null, state_version = null, type = 'player.noted' where order_id = 'later'`,
  ),
  i8('an event of an order that there is not', async ({ change, nowMs, anna }) => {
    await change`update users set event_seq = event_seq + 1 where user_id = ${anna}`
    await change`insert into outbox_events select user_id, event_seq, 'out_planted', app_id, 'order.pending', 'nowhere', 1,
      '{}', ${nowMs} from users where user_id = ${anna}`
  }),
  i8(
    'a change that the table of states forbids',
    ({ change }) =>
      change`update outbox_events set type = 'order.completed' where order_id = 'retried' and state_version = 1`,
  ),
  i8('an event that was told of another player', async ({ change, anna, ben }) => {
    await change`update users set event_seq = event_seq + 1 where user_id = ${ben}`
    await change`update users set event_seq = event_seq - 1 where user_id = ${anna}`
    await change`update outbox_events set user_id = ${ben},
      event_seq = (select event_seq from users where user_id = ${ben})
      where user_id = ${anna} and event_seq = (select event_seq + 1 from users where user_id = ${anna})`
  }),
]

export const PLANTED_IN_ORDERS: readonly Planted[] = [...GRANTS, ...FIRST_CHARGES, ...CLAIMS, ...REVERSALS, ...EVENTS]
