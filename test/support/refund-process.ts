import { describeFaults, loadConfig } from '../../src/config/load.ts'
import type { Database } from '../../src/db/database.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { refundChannel } from './refund-server.ts'
import { deskOn, refundBy } from './review-desk.ts'

/** Where this process dies by its own hand, if anywhere; its platform may kill it elsewhere. */
export type DiesAt = 'nowhere' | 'before_call' | 'after_answer' | 'in_confirmation'

/** What the test tells it. */
export interface RefundTask {
  readonly variables: Readonly<Record<string, string>>
  readonly url: string
  readonly target: string
  readonly diesAt: DiesAt
}

// The intent, the claim, then the confirmation.
const CONFIRMATION = 3

const task = JSON.parse(process.argv[2] ?? '') as RefundTask
const dieAt = (point: DiesAt) => (): void => {
  if (task.diesAt === point) process.kill(process.pid, 'SIGKILL')
}
const loaded = loadConfig(task.variables)
if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
const database = await openDatabase(loaded.config.database)
let transactions = 0
const mortal: Database = {
  ...database,
  db: database.db,
  inTransaction: (work, patience) => {
    transactions += 1
    const isConfirmation = transactions === CONFIRMATION
    return database.inTransaction(async (tx) => {
      const done = await work(tx)
      if (isConfirmation) dieAt('in_confirmation')()
      return done
    }, patience)
  },
}
const channel = refundChannel(task.url, { asking: dieAt('before_call'), answered: dieAt('after_answer') })
const refunded = await refundBy(deskOn(mortal, { variables: task.variables, channel }), task.target)
process.stdout.write(`${JSON.stringify(refunded)}\n`)
await database.close()
