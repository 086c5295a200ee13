import type { Database } from '../db/database.ts'
import { sweepIdempotencyKeys } from '../db/transact-once.ts'
import { expireOrders } from '../features/orders/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Job } from './runner.ts'

// A batch a run: five thousand a minute is far above what a day's answers come to.
const SWEEP_ROWS_MAX = 5_000

/** The table of contents of the background work. */
export function schedule(deps: { database: Database; clock: Clock }): Job[] {
  return [
    { name: 'expire-orders', pattern: '*/10 * * * * *', run: () => expireOrders(deps) },
    {
      name: 'sweep-idempotency-keys',
      pattern: '30 * * * * *',
      run: () => sweepIdempotencyKeys(deps, { rowsMax: SWEEP_ROWS_MAX }),
    },
  ]
}
