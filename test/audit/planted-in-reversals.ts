import type { Planted } from './planted.ts'

const i7 = (what: string, plant: Planted['plant']): Planted => ({ breaks: 'I7', what, plant })

const RECORDS: readonly Planted[] = [
  i7(
    'a reversal that is said to have taken less than it did',
    ({ change }) => change`update order_reversals set coins = coins - 1 where order_id = 'returned'`,
  ),
  i7(
    'a reversal that is said to have taken from the wallet what it took from the inbox',
    ({ change }) => change`update order_reversals set tokens_from_inbox = 0 where order_id = 'returned'`,
  ),
  i7(
    'a write-off that is said to have been another',
    ({ change }) => change`update order_reversals set coins_written_off = 0 where order_id = 'capped'`,
  ),
  i7(
    'a restoration that nobody recorded',
    ({ change }) => change`update order_reversals set restored_at_ms = null where order_id = 'given-back'`,
  ),
  i7(
    'a reversal that is said to be restored and was not',
    ({ change, nowMs }) => change`update order_reversals set restored_at_ms = ${nowMs} where order_id = 'lost'`,
  ),
  i7(
    'a reversal that nobody remembers',
    ({ change }) => change`delete from order_reversals where order_id = 'given-back'`,
  ),
  i7(
    'a reversal by the refund of another payment',
    ({ change }) => change`update order_reversals set payment_id = 'pay_nowhere' where order_id = 'given-back'`,
  ),
  i7(
    'a reversal by a refund that nobody told of',
    ({ change }) => change`update order_reversals set cause_id = 'planted' where order_id = 'returned'`,
  ),
  i7(
    'a reversal that is missing before another',
    ({ change }) => change`update order_reversals set reversal_no = 3 where order_id = 'shared' and reversal_no = 2`,
  ),
  i7('something written off that was no refund', ({ append, gina }) =>
    append(gina, {
      kind: 'support',
      sourceId: 'forgiven',
      postings: [{ from: 'write_off', to: `player:${gina}`, currency: 'coins', amount: 5 }],
    }),
  ),
]

const STANDING: readonly Planted[] = [
  i7(
    'a granted order whose payment was refunded, and which is not',
    ({
      change,
    }) => change`insert into payment_reversals select payment_id, 'refund', 'planted', 'taken', null, null, null, 1, 1
      from payment_lines where order_id = 'later'`,
  ),
  i7(
    'a refunded order whose refund was reversed',
    ({ change }) => change`update payment_reversals set state = 'undone' where cause_id = 'returned'`,
  ),
  i7(
    'a partial refund that took another share than its own',
    ({ change }) => change`update payment_reversals set amount_minor = 600 where cause_id = 'a-part'`,
  ),
  i7(
    'a dispute that is over, and whose order is disputed still',
    ({ change }) => change`update payment_reversals set state = 'undone' where cause_id = 'in-doubt'`,
  ),
  i7(
    'a refunded order, and nothing was told of its payment',
    ({
      change,
    }) => change`update payment_reversals set payment_id = (select payment_id from payment_lines where order_id = 'retried'
      and standing = 'granted') where cause_id = 'lost'`,
  ),
  i7(
    'a refund of half an amount',
    ({ change }) => change`update payment_reversals set currency = null where cause_id = 'a-part'`,
  ),
  i7(
    'a refund in no known state',
    ({ change }) => change`update payment_reversals set state = 'forgotten' where cause_id = 'mistaken'`,
  ),
  i7(
    'a player whose disputes were not counted',
    ({ change, gina }) => change`update users set open_disputes = 0 where user_id = ${gina}`,
  ),
  i7(
    'a player of whom a dispute was counted that there is not',
    ({ change, anna }) => change`update users set open_disputes = 1 where user_id = ${anna}`,
  ),
  i7(
    'a withdrawn reward that expired',
    ({ change }) => change`update inbox_messages set state = 'expired' where reward_order_id = 'returned'`,
  ),
  i7(
    'a withdrawn reward of which tokens are said to be taken already',
    ({ change }) => change`update inbox_messages set tokens_taken = 1 where reward_order_id = 'returned'`,
  ),
  {
    breaks: 'I9',
    what: 'a payment without a line, of which no refund was told',
    plant: ({ change }) => change`delete from payment_reversals where cause_id = 'untold'`,
  },
]

/** What may be wrong with what is kept of refunds and disputes. */
export const PLANTED_IN_REVERSALS: readonly Planted[] = [...RECORDS, ...STANDING]
