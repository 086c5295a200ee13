import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { PaymentEventId } from '../../kernel/ids.ts'
import type { Books } from './books.ts'
import { decisionsAreBooked } from './refunds.ts'

/** I9: every payment event points to its order or says why not; a payment's identity stands once. */
export async function paymentsAreAccountedFor(books: Books): Promise<void> {
  await eventsSayWhatBecame(books)
  await paymentsAreWhole(books)
  await refusedMoneyIsQueuedOnce(books)
  await identitiesAreTheirOwn(books)
  await bodiesAreUntouched(books)
  await decisionsAreBooked(books)
}

// These claim that an order was moved or answered; any other verdict is a reason why there is none.
const VERDICTS_OF_ORDERS = ['granted', 'replayed', 'duplicate_charge', 'cancelled', 'failed', 'unchanged']
const VERDICTS_OF_PAYMENTS = ['granted', 'replayed', 'duplicate_charge', 'mixed']

async function eventsSayWhatBecame(books: Books): Promise<void> {
  await books.breachedBy(
    'a payment event neither points to its order nor says why not',
    sql`select e.event_id, e.app_id, e.kind, e.verdict, e.order_id, e.payment_id
      from payment_events e
      left join orders o on o.app_id = e.app_id and o.order_id = e.order_id
      where (e.order_id is not null and o.order_id is null) or e.verdict = ''
        or (e.order_id is null and e.verdict in (${sql.join(VERDICTS_OF_ORDERS)}))`,
  )
  await books.breachedBy(
    'a payment event points to no payment that there is',
    sql`select e.event_id, e.app_id, e.kind, e.verdict, e.order_id, e.payment_id
      from payment_events e
      left join payments p on p.payment_id = e.payment_id and p.app_id = e.app_id
      where (e.payment_id is not null and p.payment_id is null)
        or (e.payment_id is null and e.verdict in (${sql.join(VERDICTS_OF_PAYMENTS)}))`,
  )
}

async function paymentsAreWhole(books: Books): Promise<void> {
  const owned = [
    { table: 'payment_events', fault: 'a payment has no message that told of it' },
    { table: 'payment_identities', fault: 'a payment has no identity' },
    { table: 'payment_lines', fault: 'a payment has no line' },
  ]
  for (const { table, fault } of owned) {
    await books.breachedBy(
      fault,
      sql`select p.payment_id, p.app_id, p.instance, p.transaction_id, p.payer_user_id
        from payments p
        where not exists (select 1 from ${sql.table(table)} owned where owned.payment_id = p.payment_id)
          and not (${sql.lit(table === 'payment_lines')} and exists (
            select 1 from payment_reversals r where r.payment_id = p.payment_id))`,
    )
  }
  await books.breachedBy(
    'a payment line belongs to no payment of its app',
    sql`select l.payment_id, l.line_no, l.app_id, l.order_id, l.standing
      from payment_lines l
      left join payments p on p.payment_id = l.payment_id and p.app_id = l.app_id
      where p.payment_id is null`,
  )
}

async function refusedMoneyIsQueuedOnce(books: Books): Promise<void> {
  await books.breachedBy(
    'a payment line has not exactly the review entry that its standing asks for',
    sql`select l.payment_id, l.line_no, l.app_id, l.order_id, l.standing, l.refusal, count(r.entry_id) as entries,
        sum(case when r.state = 'open' then 1 else 0 end) as open_entries
      from payment_lines l
      left join review_entries r on r.payment_id = l.payment_id and r.line_no = l.line_no
      group by l.payment_id, l.line_no, l.app_id, l.order_id, l.standing, l.refusal
      having case
        when l.standing in ('review', 'duplicate') then
          count(r.entry_id) <> 1 or (l.standing = 'review' and l.refusal is null)
        when l.standing = 'granted' then
          count(r.entry_id) > 1 or coalesce(sum(case when r.state = 'open' then 1 else 0 end), 0) > 0
        else 1 = 1 end`,
  )
  await books.breachedBy(
    'a review entry has no payment line, tells of another order, or is closed without a time or the reverse',
    sql`select r.entry_id, r.app_id, r.payment_id, r.line_no, r.order_id, r.state, r.closed_at_ms
      from review_entries r
      left join payment_lines l on l.payment_id = r.payment_id and l.line_no = r.line_no
        and l.app_id = r.app_id and l.order_id = r.order_id
      where l.payment_id is null or r.state not in ('open', 'approved', 'refunded', 'returned')
        or (r.state = 'open' and r.closed_at_ms is not null) or (r.state <> 'open' and r.closed_at_ms is null)`,
  )
}

const IDENTITIES_A_PAGE = 1_000

/** Each identity names a payment, and its key, which is what stands once, is truly that identity's. */
async function identitiesAreTheirOwn(books: Books): Promise<void> {
  await books.breachedBy(
    'an identity names no payment that there is',
    sql`select i.identity_key, i.identity, i.payment_id
      from payment_identities i
      left join payments p on p.payment_id = i.payment_id
      where p.payment_id is null`,
  )
  await books.breachedBy(
    "a payment's transaction id is not among its identities",
    sql`select p.payment_id, p.app_id, p.instance, p.transaction_id
      from payments p
      where p.transaction_id is not null and not exists (
        select 1 from payment_identities i
        where i.payment_id = p.payment_id and i.identity = concat('txn:', p.transaction_id)
      )`,
  )
  for (let after = ''; ; ) {
    const page = await books.db
      .selectFrom('payment_identities as i')
      .innerJoin('payments as p', 'p.payment_id', 'i.payment_id')
      .select(['i.identity_key', 'i.identity', 'p.payment_id', 'p.app_id', 'p.instance', 'p.environment'])
      .where('i.identity_key', '>', after)
      .orderBy('i.identity_key')
      .limit(IDENTITIES_A_PAGE)
      .execute()
    for (const row of page) {
      // Written out a second time on purpose: keys that were made by a faulty function would agree with that function.
      const text = JSON.stringify([row.app_id, row.instance, row.environment, row.identity])
      if (sha256(text) === row.identity_key) continue
      const { identity_key, identity, payment_id } = row
      books.breach("an identity's key is not the hash of its app, instance, environment and name", {
        identity_key,
        identity,
        payment_id,
      })
    }
    books.advance(page.length)
    const last = page.at(-1)
    if (!last) return
    after = last.identity_key
  }
}

// A platform's body may have 1 MiB; this many are in memory at once.
const BODIES_A_PAGE = 100

/** Each event's body is the one that was signed and hashed; a blanked one (a person was erased) is empty. */
async function bodiesAreUntouched(books: Books): Promise<void> {
  await books.breachedBy(
    'a payment event has lost its body',
    sql`select e.event_id, e.app_id, e.body_sha256
      from payment_events e
      left join payment_event_bodies b on b.event_id = e.event_id
      where b.event_id is null`,
  )
  for (let after = '' as PaymentEventId; ; ) {
    const page = await books.db
      .selectFrom('payment_event_bodies as b')
      .leftJoin('payment_events as e', 'e.event_id', 'b.event_id')
      .select(['b.event_id', 'b.body', 'e.body_sha256'])
      .where('b.event_id', '>', after)
      .orderBy('b.event_id')
      .limit(BODIES_A_PAGE)
      .execute()
    for (const { event_id, body, body_sha256 } of page) {
      if (body_sha256 === null) books.breach('a body belongs to no payment event', { event_id })
      else if (body.byteLength > 0 && sha256(body) !== body_sha256) {
        books.breach("a payment event's body is not the one that was received", { event_id, body_sha256 })
      }
    }
    books.advance(page.length)
    const last = page.at(-1)
    if (!last) return
    after = last.event_id
  }
}

function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex')
}
