import { type RawBuilder, sql } from 'kysely'
import type { Row } from '../../db/schema.ts'
import type { PaymentId } from '../../kernel/ids.ts'
import type { Books } from './books.ts'

/** A part of I7: what is remembered of each reversal is what was posted, and each grant stands as its payment does. */
export async function reversalsAreRemembered(books: Books): Promise<void> {
  await postingsAreAsRemembered(books)
  await recordsAreWhole(books)
  await messagesFollow(books)
  await grantsStandAsTold(books)
}

const WALLET = sql`concat('player:', o.user_id)`
const INBOX = sql`concat('inbox:', o.user_id)`

/** What the postings of a reversal moved one way, in one currency. */
function moved(currency: 'coins' | 'tokens', from: RawBuilder<unknown>, to: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`coalesce(sum(case when p.currency = ${sql.lit(currency)} and p.from_account = ${from}
    and p.to_account = ${to} then p.amount else 0 end), 0)`
}

async function postingsAreAsRemembered(books: Books): Promise<void> {
  const [refund, writeOff] = [sql`'refund'`, sql`'write_off'`]
  const posted = (kind: string) => sql`order_reversals r
      join orders o on o.app_id = r.app_id and o.order_id = r.order_id
      left join ledger_transactions lt on lt.app_id = r.app_id and lt.kind = ${sql.lit(kind)}
        and lt.source_id = concat(r.order_id, ' ', r.reversal_no) and lt.user_id = o.user_id
      left join postings p on p.user_id = lt.user_id and p.ledger_seq = lt.ledger_seq`
  const columns = sql`r.app_id, r.order_id, r.reversal_no, o.user_id, r.coins, r.tokens, r.tokens_from_inbox,
    r.coins_written_off, r.tokens_written_off, r.restored_at_ms`
  const allPosted = sql`coalesce(sum(p.amount), 0)`
  const all = sql`(r.coins + r.tokens + r.coins_written_off + r.tokens_written_off)`
  await books.breachedBy(
    'what a reversal took is not what its ledger transaction moved',
    sql`select ${columns}, ${allPosted} as posted
      from ${posted('order_refund')}
      group by ${columns}
      having ${allPosted} <> ${all} or ${moved('coins', WALLET, refund)} <> r.coins
        or ${moved('tokens', INBOX, refund)} <> r.tokens_from_inbox
        or ${moved('tokens', WALLET, refund)} <> r.tokens - r.tokens_from_inbox
        or ${moved('coins', writeOff, WALLET)} <> r.coins_written_off
        or ${moved('tokens', writeOff, WALLET)} <> r.tokens_written_off`,
  )
  // Tokens of a message that was claimed meanwhile go where the message went: to the wallet.
  await books.breachedBy(
    'a restoration did not move the exact opposite of what its reversal took, or was never recorded',
    sql`select ${columns}, ${allPosted} as posted
      from ${posted('order_restore')}
      group by ${columns}
      having case when r.restored_at_ms is null then count(lt.ledger_seq) > 0
        else ${allPosted} <> ${all} or ${moved('coins', refund, WALLET)} <> r.coins
          or ${moved('tokens', refund, INBOX)} > r.tokens_from_inbox
          or ${moved('tokens', refund, INBOX)} + ${moved('tokens', refund, WALLET)} <> r.tokens
          or ${moved('coins', WALLET, writeOff)} <> r.coins_written_off
          or ${moved('tokens', WALLET, writeOff)} <> r.tokens_written_off end`,
  )
  await books.breachedBy(
    'something was written off, or taken for refunds, by what is no reversal',
    sql`select p.user_id, p.ledger_seq, p.posting_no, p.from_account, p.to_account, p.currency, lt.kind
      from postings p
      join ledger_transactions lt on lt.user_id = p.user_id and lt.ledger_seq = p.ledger_seq
      where lt.kind not in ('order_refund', 'order_restore')
        and (p.from_account in ('write_off', 'refund') or p.to_account in ('write_off', 'refund'))`,
  )
}

async function recordsAreWhole(books: Books): Promise<void> {
  await books.breachedBy(
    'a ledger transaction took or gave back what no reversal remembers',
    sql`select lt.app_id, lt.user_id, lt.ledger_seq, lt.kind, lt.source_id
      from ledger_transactions lt
      left join order_reversals r on r.app_id = lt.app_id
        and r.order_id = substr(lt.source_id, 1, instr(concat(lt.source_id, ' '), ' ') - 1)
        and concat(r.order_id, ' ', r.reversal_no) = lt.source_id
      where lt.kind in ('order_refund', 'order_restore') and r.order_id is null`,
  )
  await books.breachedBy(
    "a reversal is not of its order's own payment, has no cause there, or took less than nothing",
    sql`select r.app_id, r.order_id, r.reversal_no, r.payment_id, r.cause, r.cause_id, r.coins, r.tokens
      from order_reversals r
      left join orders o on o.app_id = r.app_id and o.order_id = r.order_id and o.granted_payment_id = r.payment_id
      left join payment_reversals c on c.payment_id = r.payment_id and c.cause = r.cause and c.cause_id = r.cause_id
      where o.order_id is null or c.payment_id is null or r.coins < 0 or r.tokens < 0 or r.tokens_from_inbox < 0
        or r.tokens_from_inbox > r.tokens or r.coins_written_off < 0 or r.coins_written_off > r.coins
        or r.tokens_written_off < 0 or r.tokens_written_off > r.tokens - r.tokens_from_inbox`,
  )
  await books.breachedBy(
    "an order's reversals are not numbered from 1 without a gap",
    sql`select app_id, order_id, count(*) as reversals, max(reversal_no) as last_no
      from order_reversals
      group by app_id, order_id
      having max(reversal_no) <> count(*) or min(reversal_no) <> 1`,
  )
  await books.breachedBy(
    'a refund or dispute is of no payment, in no known state, or of half an amount',
    sql`select c.payment_id, c.cause, c.cause_id, c.state, c.amount_minor, c.currency
      from payment_reversals c
      left join payments p on p.payment_id = c.payment_id
      where p.payment_id is null or c.cause not in ('refund', 'dispute') or c.state not in ('open', 'taken', 'undone')
        or c.amount_minor < 0 or (c.amount_minor is null and c.currency is not null)
        or (c.amount_minor is not null and c.currency is null)`,
  )
  await books.breachedBy(
    "a player's open disputes are not the number of their disputed orders",
    sql`select u.user_id, u.app_id, u.open_disputes, coalesce(disputed.orders, 0) as disputed_orders
      from users u
      left join (
        select app_id, user_id, count(*) as orders from orders where status = 'disputed' group by app_id, user_id
      ) disputed on disputed.user_id = u.user_id and disputed.app_id = u.app_id
      where u.open_disputes <> coalesce(disputed.orders, 0)`,
  )
}

/** A reward's message is withdrawn by a reversal that stands, and lacks what others took from it while it waited. */
async function messagesFollow(books: Books): Promise<void> {
  const standing = sql`select app_id, order_id, sum(message_withdrawn) as withdrawals,
      sum(case when message_withdrawn = 0 then tokens_from_inbox else 0 end) as tokens_from_inbox
    from order_reversals where restored_at_ms is null group by app_id, order_id`
  await books.breachedBy(
    'a reward is withdrawn by nothing, waits although it was withdrawn, or lacks other tokens than were taken',
    sql`select m.message_id, m.app_id, m.user_id, m.reward_order_id, m.state, m.tokens_taken
      from inbox_messages m
      left join (${standing}) r on r.app_id = m.app_id and r.order_id = m.reward_order_id
      where (m.state = 'withdrawn' and coalesce(r.withdrawals, 0) <> 1)
        or (m.state <> 'withdrawn' and coalesce(r.withdrawals, 0) <> 0)
        or (m.state in ('unclaimed', 'withdrawn') and m.tokens_taken <> coalesce(r.tokens_from_inbox, 0))`,
  )
}

const PAYMENTS_A_PAGE = 500

/** Computed here a second time, from what was told: how much of each grant is gone, and what state that demands. */
async function grantsStandAsTold(books: Books): Promise<void> {
  await books.breachedBy(
    'a granted order is refunded or disputed, and nothing was told of its payment',
    sql`select o.app_id, o.order_id, o.user_id, o.status, o.granted_payment_id
      from orders o
      where o.granted_payment_id is not null and o.status in ('refunded', 'disputed')
        and not exists (select 1 from payment_reversals c where c.payment_id = o.granted_payment_id)`,
  )
  for (let after = '' as PaymentId; ; ) {
    const page = await books.db
      .selectFrom('payment_reversals')
      .select('payment_id')
      .distinct()
      .where('payment_id', '>', after)
      .orderBy('payment_id')
      .limit(PAYMENTS_A_PAGE)
      .execute()
    const ids = page.map((row) => row.payment_id)
    const last = ids.at(-1)
    if (last === undefined) return
    await checkPage(books, ids)
    after = last
  }
}

async function checkPage(books: Books, ids: readonly PaymentId[]): Promise<void> {
  const causes = await books.db.selectFrom('payment_reversals').selectAll().where('payment_id', 'in', ids).execute()
  const lines = await books.db.selectFrom('payment_lines').selectAll().where('payment_id', 'in', ids).execute()
  const payments = await books.db.selectFrom('payments').selectAll().where('payment_id', 'in', ids).execute()
  const orders = await books.db.selectFrom('orders').selectAll().where('granted_payment_id', 'in', ids).execute()
  const reversals = await books.db.selectFrom('order_reversals').selectAll().where('payment_id', 'in', ids).execute()
  const causesOf = Map.groupBy(causes, (row) => row.payment_id)
  const linesOf = Map.groupBy(lines, (row) => row.payment_id)
  const chargedFor = new Map(payments.map((row) => [row.payment_id, row.charged_minor]))
  const takenFrom = Map.groupBy(reversals, (row) => `${row.app_id} ${row.order_id}`)
  const grantedFor = new Map(orders.map((order) => [`${order.app_id} ${order.order_id}`, order]))
  for (const line of lines) {
    const key = `${line.app_id} ${line.granted_order_id}`
    const order = grantedFor.get(key)
    if (line.standing !== 'granted' || !order) continue
    const told = (causesOf.get(line.payment_id) ?? []).filter(({ line_no: no }) => no === null || no === line.line_no)
    checkGrant(books, {
      line,
      ofPayment: linesOf.get(line.payment_id) ?? [],
      charged: chargedFor.get(line.payment_id) ?? null,
      order,
      told,
      taken: takenFrom.get(key) ?? [],
    })
  }
}

function checkGrant(
  books: Books,
  facts: {
    line: Row<'payment_lines'>
    ofPayment: readonly Row<'payment_lines'>[]
    charged: number | null
    order: Row<'orders'>
    told: readonly Row<'payment_reversals'>[]
    taken: readonly Row<'order_reversals'>[]
  },
): void {
  const { line, ofPayment, charged, order, told } = facts
  const { gone, of } = partGone(told, { line, ofPayment, charged })
  const isWhole = gone >= of
  const isDisputed = told.some(({ cause, state }) => cause === 'dispute' && state === 'open')
  const demanded = isWhole ? 'refunded' : isDisputed ? 'disputed' : 'completed'
  const standing = facts.taken.filter((row) => row.restored_at_ms === null)
  const share = (amount: number): number => (isWhole ? amount : Number((BigInt(amount) * gone) / of))
  const figures = {
    coins_taken: standing.reduce((sum, row) => sum + row.coins, 0),
    coins_demanded: share(order.coins),
    tokens_taken: standing.reduce((sum, row) => sum + row.tokens, 0),
    tokens_demanded: share(order.tokens),
  }
  const at = { app_id: order.app_id, order_id: order.order_id, payment_id: line.payment_id }
  if (order.status !== demanded) {
    books.breach('an order is not in the state that its refunds and disputes demand', {
      ...at,
      status: order.status,
      demanded,
    })
  } else if (figures.coins_taken !== figures.coins_demanded || figures.tokens_taken !== figures.tokens_demanded) {
    books.breach('what was taken of a grant is not the share of its money that is gone', { ...at, ...figures })
  }
}

/** What of a line's money is gone, as a fraction of what was charged. A part in another currency cannot be compared, and counts as nothing. */
function partGone(
  told: readonly Row<'payment_reversals'>[],
  about: { line: Row<'payment_lines'>; ofPayment: readonly Row<'payment_lines'>[]; charged: number | null },
): { gone: bigint; of: bigint } {
  const { line, ofPayment, charged } = about
  const total = BigInt(charged ?? ofPayment.reduce((sum, one) => sum + one.price_minor, 0))
  const own = ofPayment.length === 1 ? total : BigInt(line.price_minor)
  let [ofTotal, ofOwn] = [0n, 0n]
  for (const { state, amount_minor: minor, currency, line_no: no } of told) {
    if (state !== 'taken') continue
    if (minor === null) return { gone: 1n, of: 1n }
    if (currency !== line.currency) continue
    if (no === null) ofTotal += BigInt(minor)
    else ofOwn += BigInt(minor)
  }
  // A part of what cost nothing is all of it.
  if ((total === 0n && ofTotal > 0n) || (own === 0n && ofOwn > 0n)) return { gone: 1n, of: 1n }
  const [totalOrOne, ownOrOne] = [total === 0n ? 1n : total, own === 0n ? 1n : own]
  return { gone: ofTotal * ownOrOne + ofOwn * totalOrOne, of: totalOrOne * ownOrOne }
}
