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
  const found = await countTables(db, Object.values(COUNTED))
  return Object.fromEntries(Object.entries(COUNTED).map(([name, table]) => [name, found[table] ?? 0])) as Totals
}

/** How many rows each of these tables has. */
export async function countTables(db: Db, tables: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const counted: [string, number][] = []
  for (const table of tables) {
    const { rows } = await sql<{ found: number }>`select count(*) as found from ${sql.table(table)}`.execute(db)
    counted.push([table, Number(rows[0]?.found ?? 0)])
  }
  return Object.fromEntries(counted)
}
