import type { Planted } from './planted.ts'

const i9 = (what: string, plant: Planted['plant']): Planted => ({ breaks: 'I9', what, plant })

const APP = 'com.funtriolimited.slots.casino.free'

/** A refund of the payment of the order `cheap`, which waits in the queue. */
const refund =
  (state: string, refundId: string | null = null): Planted['plant'] =>
  ({ change, nowMs }) =>
    change`insert into refund_intents
      select ${`rfd_${state}_${String(nowMs)}`}, app_id, payment_id, null, order_id, null, null, ${state}, 'key', 1, ${nowMs}, 0, null,
        ${refundId}, ${nowMs}, ${nowMs}
      from payment_lines where order_id = 'cheap'`

export const PLANTED_IN_REFUNDS: readonly Planted[] = [
  i9(
    'an entry that was approved and gave nothing',
    ({ change, nowMs }) =>
      change`update review_entries set state = 'approved', closed_at_ms = ${nowMs} where order_id = 'cheap'`,
  ),
  i9('two refunds of one payment under way', async (planting) => {
    await refund('open')(planting)
    await refund('open')({ ...planting, nowMs: planting.nowMs + 1 })
  }),
  i9('a refund that is done and was not booked', refund('done', 'back-1')),
  i9('a refund that failed and names what it brought about', refund('failed', 'back-2')),
  i9('a refund in a state that there is not', refund('lost')),
  i9(
    'a refund of no payment',
    ({ change, nowMs }) =>
      change`insert into refund_intents values ('rfd_nowhere', ${APP}, 'pay_nowhere', null, 'cheap', null, null, 'open', 'key', 0,
        ${nowMs}, 0, null, null, ${nowMs}, ${nowMs})`,
  ),
]
