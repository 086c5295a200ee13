import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import type { LedgerTransaction } from './post-ledger-transaction.ts'
import { playerAccount } from './rules.ts'

/** Writes ledger transactions with their postings: two statements for the whole batch. */
export async function insertLedgerTransactions(tx: Tx, transactions: readonly LedgerTransaction[]): Promise<void> {
  if (transactions.length === 0) return
  await tx
    .insertInto('ledger_transactions')
    .values(transactions.map((transaction) => transaction.header))
    .execute()
  await tx
    .insertInto('postings')
    .values(transactions.flatMap((transaction) => transaction.postings))
    .execute()
}

/** A player's ledger transactions, newest first, read by key: those before a number, or with null the newest. */
export async function selectLedgerTransactions(
  db: Db,
  page: { playerId: PlayerId; before: number | null; limit: number },
): Promise<Row<'ledger_transactions'>[]> {
  let query = db
    .selectFrom('ledger_transactions')
    .selectAll()
    .where('user_id', '=', page.playerId)
    .orderBy('ledger_seq', 'desc')
    .limit(page.limit)
  if (page.before !== null) query = query.where('ledger_seq', '<', page.before)
  return await query.execute()
}

/** The postings of a page of a player's ledger, in one statement, each transaction's in order. */
export async function selectPostings(
  db: Db,
  { playerId, ledgerSeqs }: { playerId: PlayerId; ledgerSeqs: readonly number[] },
): Promise<Row<'postings'>[]> {
  if (ledgerSeqs.length === 0) return []
  return await db
    .selectFrom('postings')
    .selectAll()
    .where('user_id', '=', playerId)
    .where('ledger_seq', 'in', ledgerSeqs)
    .orderBy('ledger_seq')
    .orderBy('posting_no')
    .execute()
}

// Beyond that what was spent is gone many times over; a game that spends by the penny is not read for ever.
const SPENDINGS_MAX = 10_000

/** How many coins a player has spent in the game since an order was granted to them: at least so many. */
export async function coinsSpentSinceGrant(
  db: Db,
  { appId, playerId, orderId }: { appId: AppId; playerId: PlayerId; orderId: OrderId },
): Promise<number> {
  const grant = await db
    .selectFrom('ledger_transactions')
    .select('ledger_seq')
    .where('app_id', '=', appId)
    .where('kind', '=', 'order_grant')
    .where('source_id', '=', orderId)
    .executeTakeFirst()
  if (!grant) return 0
  const spendings = await db
    .selectFrom('postings')
    .select('amount')
    .where('user_id', '=', playerId)
    .where('ledger_seq', '>', grant.ledger_seq)
    .where('from_account', '=', playerAccount(playerId))
    .where('to_account', '=', 'game')
    .where('currency', '=', 'coins')
    .orderBy('ledger_seq')
    .limit(SPENDINGS_MAX)
    .execute()
  return spendings.reduce((sum, { amount }) => Math.min(sum + amount, Number.MAX_SAFE_INTEGER), 0)
}
