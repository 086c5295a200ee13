import { players } from './0001-players.ts'
import { ledger } from './0002-ledger.ts'
import { store } from './0003-store.ts'
import { orders } from './0004-orders.ts'
import { payments } from './0005-payments.ts'
import { inbox } from './0006-inbox.ts'
import type { MigrationStep } from './run.ts'

/** Every migration, in order. A released one is never edited: a change is a further one. */
export const migrations: Record<string, MigrationStep[]> = {
  '0001-players': players,
  '0002-ledger': ledger,
  '0003-store': store,
  '0004-orders': orders,
  '0005-payments': payments,
  '0006-inbox': inbox,
}
