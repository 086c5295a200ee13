import { sql } from 'kysely'
import type { Books } from './books.ts'

/** A part of I9: what a person decided about money that waits is what became of it, and a refund that is done was booked. */
export async function decisionsAreBooked(books: Books): Promise<void> {
  await books.breachedBy(
    'a review entry is approved and its line was not granted, or the reverse',
    sql`select r.entry_id, r.app_id, r.payment_id, r.line_no, r.order_id, r.state, l.standing
      from review_entries r
      join payment_lines l on l.payment_id = r.payment_id and l.line_no = r.line_no
      where (r.state = 'approved' and l.standing <> 'granted') or (r.state <> 'approved' and l.standing = 'granted')`,
  )
  await books.breachedBy(
    'a payment has several refunds under way',
    sql`select i.payment_id, count(*) as refunds
      from refund_intents i
      where i.state = 'open'
      group by i.payment_id
      having count(*) > 1`,
  )
  await books.breachedBy(
    'a refund is of no payment of its app, or done without being booked, or names what it brought about and is not done',
    sql`select i.intent_id, i.app_id, i.payment_id, i.order_id, i.state, i.refund_id
      from refund_intents i
      left join payments p on p.payment_id = i.payment_id and p.app_id = i.app_id
      left join payment_reversals c on c.payment_id = i.payment_id and c.cause = 'refund' and c.cause_id = i.refund_id
      where p.payment_id is null or i.state not in ('open', 'done', 'refused', 'failed')
        or (i.state = 'done' and c.cause_id is null) or (i.state <> 'done' and i.refund_id is not null)`,
  )
}
