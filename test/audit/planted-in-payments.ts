import type { Planted } from './planted.ts'

const i9 = (what: string, plant: Planted['plant']): Planted => ({ breaks: 'I9', what, plant })

const APP = 'com.funtriolimited.slots.casino.free'

const EVENTS: readonly Planted[] = [
  i9(
    'a granted payment event without its order',
    ({ change }) => change`update payment_events set order_id = null where order_id = 'later'`,
  ),
  i9(
    'a failure that was recorded of no order',
    ({ change }) => change`update payment_events set order_id = null where order_id = 'declined'`,
  ),
  i9(
    'a payment event of an order that there is not',
    ({ change }) => change`update payment_events set order_id = 'nowhere' where order_id = 'later'`,
  ),
  i9(
    'a payment event that gives no reason',
    ({ change }) => change`update payment_events set verdict = '' where verdict = 'player_not_found'`,
  ),
  i9('a payment event of a payment that there is not', ({ change }) =>
    change`insert into payment_events select 'evt_planted', app_id, instance, environment, kind, 'pay_nowhere', order_id,
      'replayed', received_at_ms, request_id, headers, body_sha256, callback from payment_events where order_id = 'later'`.then(
      () => change`insert into payment_event_bodies values ('evt_planted', ${Buffer.alloc(0)})`,
    ),
  ),
  i9(
    'a granted payment event that names no payment',
    ({ change }) =>
      change`update payment_events set payment_id = null where order_id = 'first' and verdict = 'replayed'`,
  ),
  i9(
    'a body that was changed after it was received',
    ({ change }) =>
      change`update payment_event_bodies set body = ${Buffer.from('paid by nobody')}
      where event_id in (select event_id from payment_events where order_id = 'later')`,
  ),
  i9(
    'a body that is gone',
    ({ change }) =>
      change`delete from payment_event_bodies
      where event_id in (select event_id from payment_events where order_id = 'later')`,
  ),
  i9(
    'a body of no event',
    ({ change }) => change`insert into payment_event_bodies values ('evt_planted', ${Buffer.from('paid')})`,
  ),
]

const PAYMENTS: readonly Planted[] = [
  i9('a payment that no message told of', async ({ change }) => {
    await change`delete from payment_event_bodies
      where event_id in (select event_id from payment_events where order_id = 'locked-item')`
    await change`delete from payment_events where order_id = 'locked-item'`
  }),
  i9(
    'a payment without an identity',
    ({ change }) =>
      change`delete from payment_identities
      where payment_id in (select payment_id from payment_lines where order_id = 'locked-item')`,
  ),
  i9(
    'an identity that is not what its key says',
    ({ change }) => change`update payment_identities set identity = 'txn:planted' where identity like 'facts:later#%'`,
  ),
  i9(
    'an identity that went over to another instance',
    ({ change }) => change`update payments set instance = 'stripe' where transaction_id = 'txn-later'`,
  ),
  i9(
    'an identity of no payment',
    ({ change }) => change`insert into payment_identities values (${'d'.repeat(64)}, 'pay_nowhere', 'txn:planted')`,
  ),
  i9(
    'a transaction id that is not an identity of its payment',
    ({ change }) => change`update payments set transaction_id = 'txn-planted' where transaction_id = 'txn-later'`,
  ),
  i9('a payment without a line', async ({ change }) => {
    await change`delete from review_entries where order_id = 'locked-item'`
    await change`delete from payment_lines where order_id = 'locked-item'`
  }),
  i9('a line of no payment', async ({ change, nowMs, anna }) => {
    await change`insert into payment_lines values
      ('pay_nowhere', 1, ${APP}, 'cheap', 1, 1, 1999, 'USD', 'review', 'price_mismatch', null)`
    await change`insert into review_entries values
      ('rev_planted', 'pay_nowhere', 1, ${APP}, 'cheap', ${anna}, 'price_mismatch', 'open', ${nowMs}, null)`
  }),
]

const REVIEW: readonly Planted[] = [
  i9(
    'refused money that nobody will look at',
    ({ change }) => change`delete from review_entries where order_id = 'cheap'`,
  ),
  i9(
    'a duplicate charge that nobody will refund',
    ({ change }) => change`delete from review_entries where reason = 'duplicate_charge'`,
  ),
  i9(
    'a granted line that still waits for a person',
    ({ change, nowMs, anna }) =>
      change`insert into review_entries select 'rev_planted', payment_id, line_no, app_id, order_id, ${anna}, 'price_mismatch',
      'open', ${nowMs}, null from payment_lines where order_id = 'later'`,
  ),
  i9(
    'refused money without a reason',
    ({ change }) => change`update payment_lines set refusal = null where order_id = 'cheap'`,
  ),
  i9(
    'a line in no known standing',
    ({ change }) => change`update payment_lines set standing = 'forgotten' where order_id = 'cheap'`,
  ),
  i9(
    'a review entry of no line',
    ({ change, nowMs, anna }) =>
      change`insert into review_entries values
      ('rev_planted', 'pay_nowhere', 1, ${APP}, 'later', ${anna}, 'price_mismatch', 'open', ${nowMs}, null)`,
  ),
  i9(
    'a review entry that tells of another order',
    ({ change }) => change`update review_entries set order_id = 'first' where order_id = 'cheap'`,
  ),
  i9(
    'a review entry that was closed at no time',
    ({ change }) => change`update review_entries set state = 'refunded' where order_id = 'cheap'`,
  ),
]

export const PLANTED_IN_PAYMENTS: readonly Planted[] = [...EVENTS, ...PAYMENTS, ...REVIEW]
