import { sql } from 'kysely'
import type { Db } from '../../db/database.ts'
import type { Schema } from '../../db/schema.ts'

const COUNTED = {
  players: 'users',
  orders: 'orders',
  payments: 'payments',
  paymentEvents: 'payment_events',
  inboxMessages: 'inbox_messages',
  ledgerTransactions: 'ledger_transactions',
  postings: 'postings',
  outboxEvents: 'outbox_events',
} as const satisfies Record<string, keyof Schema>

/** How many rows the books have. */
export type Totals = Readonly<Record<keyof typeof COUNTED, number>>

export async function countRows(db: Db): Promise<Totals> {
  const counted: [string, number][] = []
  for (const [name, table] of Object.entries(COUNTED)) {
    const { rows } = await sql<{ found: number }>`select count(*) as found from ${sql.table(table)}`.execute(db)
    counted.push([name, Number(rows[0]?.found ?? 0)])
  }
  return Object.fromEntries(counted) as Totals
}
