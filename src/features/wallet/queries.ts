import type { Tx } from '../../db/database.ts'
import type { LedgerTransaction } from './post-ledger-transaction.ts'

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
