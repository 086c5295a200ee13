import assert from 'node:assert/strict'
import { auditDatabase } from '../../src/cli/audit/audit-database.ts'
import type { Db } from '../../src/db/database.ts'
import type { Row } from '../../src/db/schema.ts'
import { CHAIN_START } from '../../src/features/players/index.ts'
import { linkHash, type Posting } from '../../src/features/wallet/index.ts'
import type { OrderId, PlayerId } from '../../src/kernel/ids.ts'
import type { TestApp } from './test-app.ts'

// The trail of security events is written a moment later, with a mark of its own in the pool, and books nothing.
const IS_NO_BOOK: ReadonlySet<string> = new Set(['security_events', 'commit_marks'])

/** How many rows every table of the books has, and every balance: equal before and after means that nothing was booked. */
export async function stateOf(app: TestApp): Promise<Record<string, unknown>> {
  const { db } = app.service.database
  const state: Record<string, unknown> = {}
  for (const { name } of await db.introspection.getTables()) {
    if (IS_NO_BOOK.has(name)) continue
    const row = await db
      .selectFrom(name as 'users')
      .select((eb) => eb.fn.countAll().as('rows'))
      .executeTakeFirstOrThrow()
    state[name] = Number(row.rows)
  }
  const players = await db.selectFrom('users').selectAll().orderBy('user_id').execute()
  state['balances'] = players.map((player) => [player.user_id, player.coins, player.tokens, player.inbox_tokens])
  return state
}

/** The state without the messages that are kept as evidence: what a refused message of a trusted sender leaves as it was. */
export function withoutEvidence(state: Record<string, unknown>): Record<string, unknown> {
  const { payment_events: _, payment_event_bodies: __, ...rest } = state
  return rest
}

/** On MySQL a transaction also leaves the mark of its place in the pool, which says nothing of the books. */
export function withoutMarks({ commit_marks: _, ...state }: Record<string, unknown>): Record<string, unknown> {
  return state
}

export async function playerRow(app: TestApp, uid: string): Promise<Row<'users'>> {
  const { db } = app.service.database
  return await db
    .selectFrom('users')
    .selectAll()
    .where('user_id', '=', Number(uid) as PlayerId)
    .executeTakeFirstOrThrow()
}

export async function orderRow(app: TestApp, orderId: string): Promise<Row<'orders'> | undefined> {
  const { db } = app.service.database
  return await db
    .selectFrom('orders')
    .selectAll()
    .where('order_id', '=', orderId as OrderId)
    .executeTakeFirst()
}

/** Every entry of the review queue about an order, oldest first. */
export async function reviewEntries(app: TestApp, orderId: string): Promise<Row<'review_entries'>[]> {
  const { db } = app.service.database
  return await db
    .selectFrom('review_entries')
    .selectAll()
    .where('order_id', '=', orderId as OrderId)
    .orderBy('created_at_ms')
    .execute()
}

/** What was decided for each kept message about an order, whatever order the message itself is filed under. */
export async function verdicts(app: TestApp, requestIds: readonly string[]): Promise<(string | undefined)[]> {
  const { db } = app.service.database
  const rows = await db.selectFrom('payment_events').selectAll().where('request_id', 'in', requestIds).execute()
  return requestIds.map((id) => rows.find((row) => row.request_id === id)?.verdict)
}

/** Sets what the game server would set: a level in hundredths, or a balance to be premium with. */
export async function setPlayer(
  app: TestApp,
  uid: string,
  values: { level_hundredths?: number; coins?: number },
): Promise<void> {
  await app.service.database.inTransaction(async (tx) => {
    await tx
      .updateTable('users')
      .set(values)
      .where('user_id', '=', Number(uid) as PlayerId)
      .execute()
  })
}

/** Checks the books by the audit, and once more from scratch: balances, messages, grants, chains and sequences. */
export async function assertBooks(app: TestApp): Promise<void> {
  const report = await auditDatabase(app.service.database)
  const broken = report.invariants.filter((invariant) => invariant.breaches > 0)
  assert.deepEqual(broken, [], 'the audit is clean')
  assert.equal(report.clean, true)
  await app.service.database.inSnapshot(async (db) => {
    for (const player of await db.selectFrom('users').selectAll().execute()) await assertPlayerBooks(db, player)
    await assertOrders(db)
    await assertPayments(db)
  })
}

async function assertPlayerBooks(db: Db, player: Row<'users'>): Promise<void> {
  const who = `player ${player.user_id}`
  const of = player.user_id
  const links = await db
    .selectFrom('ledger_transactions')
    .selectAll()
    .where('user_id', '=', of)
    .orderBy('ledger_seq')
    .execute()
  const postings = await db.selectFrom('postings').selectAll().where('user_id', '=', of).orderBy('posting_no').execute()
  const sums = new Map<string, number>()
  const add = (account: string, amount: number) => sums.set(account, (sums.get(account) ?? 0) + amount)
  for (const { from_account, to_account, currency, amount } of postings) {
    assert.ok(amount > 0 && from_account !== to_account, `${who}: a posting is positive and between two accounts`)
    add(`${from_account} ${currency}`, -amount)
    add(`${to_account} ${currency}`, amount)
  }
  const sum = (account: string) => sums.get(account) ?? 0
  assert.equal(player.coins, sum(`player:${of} coins`), `${who}: coins follow from the postings`)
  assert.equal(player.tokens, sum(`player:${of} tokens`), `${who}: tokens follow from the postings`)
  assert.equal(player.inbox_tokens, sum(`inbox:${of} tokens`), `${who}: the inbox follows from the postings`)
  assert.equal(player.inbox_coins, sum(`inbox:${of} coins`), `${who}: the inbox follows from the postings`)
  const messages = await db.selectFrom('inbox_messages').selectAll().where('user_id', '=', of).execute()
  const unclaimed = messages.filter((message) => message.state === 'unclaimed')
  const owed = unclaimed.reduce((total, message) => total + message.tokens - message.tokens_taken, 0)
  assert.equal(player.inbox_tokens, owed, `${who}: the inbox account is what the unclaimed messages hold`)
  const claims = links.filter((link) => link.kind === 'inbox_claim').map((link) => link.source_id)
  const claimed = messages
    .filter((one) => one.state === 'claimed' && one.coins + one.tokens > one.tokens_taken)
    .map((message) => message.message_id)
  assert.deepEqual(claims.toSorted(), claimed.toSorted(), `${who}: one claim for each claimed message`)
  assertChain(player, links, postings)
  const events = await db
    .selectFrom('outbox_events')
    .select('event_seq')
    .where('user_id', '=', of)
    .orderBy('event_seq')
    .execute()
  assert.deepEqual(
    events.map((event) => event.event_seq),
    countTo(player.event_seq),
    `${who}: events without a gap`,
  )
}

function assertChain(
  player: Row<'users'>,
  links: readonly Row<'ledger_transactions'>[],
  postings: readonly Row<'postings'>[],
): void {
  assert.deepEqual(
    links.map((link) => link.ledger_seq),
    countTo(player.ledger_seq),
  )
  let head = CHAIN_START
  for (const link of links) {
    assert.equal(link.previous_hash, head)
    const own = postings.filter((posting) => posting.ledger_seq === link.ledger_seq)
    head = linkHash(head, {
      playerId: player.user_id,
      ledgerSeq: link.ledger_seq,
      kind: link.kind,
      sourceId: link.source_id,
      createdAtMs: link.created_at_ms,
      postings: own.map(
        (posting): Posting => ({
          from: posting.from_account as Posting['from'],
          to: posting.to_account as Posting['to'],
          currency: posting.currency,
          amount: posting.amount,
        }),
      ),
    })
    assert.equal(link.hash, head, `player ${player.user_id}: link ${link.ledger_seq} of the chain`)
  }
  assert.equal(player.chain_hash, head)
}

async function assertOrders(db: Db): Promise<void> {
  const orders = await db.selectFrom('orders').selectAll().execute()
  const grants = await db.selectFrom('ledger_transactions').selectAll().where('kind', '=', 'order_grant').execute()
  const messages = await db.selectFrom('inbox_messages').selectAll().where('kind', '=', 'order_reward').execute()
  const key = (appId: string, orderId: string | null) => `${appId} ${orderId}`
  const granted = orders.filter((order) => order.granted_payment_id !== null)
  const keys = granted.map((order) => key(order.app_id, order.order_id)).toSorted()
  assert.deepEqual(grants.map((grant) => key(grant.app_id, grant.source_id)).toSorted(), keys, 'one grant an order')
  // An item may give coins alone: then nothing waits in the inbox.
  const rewarded = granted.filter((order) => order.tokens > 0 || order.act_items !== '[]')
  assert.deepEqual(
    messages.map((one) => key(one.app_id, one.reward_order_id)).toSorted(),
    rewarded.map((order) => key(order.app_id, order.order_id)).toSorted(),
    'one reward an order that has tokens or extras',
  )
  const events = await db.selectFrom('outbox_events').selectAll().where('order_id', 'is not', null).execute()
  for (const order of orders) {
    const told = events.filter((event) => event.app_id === order.app_id && event.order_id === order.order_id)
    const versions = told.map((event) => event.state_version ?? 0).toSorted((a, b) => a - b)
    assert.deepEqual(versions, countTo(order.state_version), `order ${order.order_id}: one event a recorded state`)
  }
  const firstCharges = Map.groupBy(
    orders.filter((order) => order.is_first_charge === 1),
    (order) => order.user_id,
  )
  for (const [userId, ofPlayer] of firstCharges) assert.equal(ofPlayer.length, 1, `player ${userId}: one first charge`)
  const players = await db.selectFrom('users').selectAll().execute()
  for (const player of players) {
    assert.equal(player.first_charge_order_id, firstCharges.get(player.user_id)?.[0]?.order_id ?? null)
  }
}

async function assertPayments(db: Db): Promise<void> {
  const payments = await db.selectFrom('payments').selectAll().execute()
  const known = new Set(payments.map((payment) => payment.payment_id))
  const identities = await db.selectFrom('payment_identities').selectAll().execute()
  for (const { payment_id, identity } of identities) assert.ok(known.has(payment_id), `${identity} names a payment`)
  const lines = await db.selectFrom('payment_lines').selectAll().execute()
  // One that was only ever given back or disputed is not told of itself.
  const reversed = await db.selectFrom('payment_reversals').select('payment_id').execute()
  const paid = new Set(lines.map((line) => line.payment_id))
  const told = new Set([...paid, ...reversed.map((row) => row.payment_id)])
  assert.deepEqual(told, known, 'each payment has its lines, or what was told of it before')
  const queued = lines.filter((line) => line.standing !== 'granted').map((line) => line.payment_id)
  // An approved line keeps the entry that it had.
  const entries = await db.selectFrom('review_entries').select('payment_id').where('state', '<>', 'approved').execute()
  assert.deepEqual(entries.map((entry) => entry.payment_id).toSorted(), queued.toSorted(), 'one entry each')
}

function countTo(last: number): number[] {
  return Array.from({ length: last }, (_, index) => index + 1)
}
