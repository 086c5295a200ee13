import { describeFaults, loadConfig } from '../../src/config/load.ts'
import type { Database } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { openOutboxDelivery } from '../../src/features/outbox/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'

/** What the test tells a process that delivers, and where it dies by its own hand, if anywhere. */
export interface DeliveryTask {
  readonly variables: Readonly<Record<string, string>>
  /** How far the test's clock is ahead. */
  readonly aheadMs: number
  readonly diesAt: 'nowhere' | 'first_taken' | 'in_confirmation'
}

const task = JSON.parse(process.argv[2] ?? '') as DeliveryTask
const loaded = loadConfig(task.variables)
if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
const { apps, database: settings } = loaded.config
const database = await openDatabase(settings)
let taken = 0
const die = (): void => void process.kill(process.pid, 'SIGKILL')
const mortal: Database = {
  ...database,
  db: database.db,
  inTransaction: (work, patience) =>
    database.inTransaction(async (tx) => {
      const done = await work(tx)
      if (taken > 0 && task.diesAt === 'in_confirmation') die()
      return done
    }, patience),
}
const delivery = openOutboxDelivery(
  {
    database: mortal,
    clock: { nowMs: () => systemClock.nowMs() + task.aheadMs },
    count: ({ outcome }) => {
      if (outcome === 'taken') taken += 1
      if (task.diesAt === 'first_taken') die()
    },
    report: () => undefined,
  },
  apps,
)
const { signal } = new AbortController()
const [appId] = delivery.appIds
if (appId === undefined) throw new Error('an app has an endpoint')
process.stdout.write(`${await delivery.deliver(appId, signal)}\n`)
await database.close()
