import { describeFaults, loadConfig } from '../../src/config/load.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { pollPlatform } from '../../src/features/reconciliation/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { listingChannel } from './listing-platform.ts'
import { messageDepsOn } from './message-deps.ts'

/** What the test tells this process, which polls once. */
export interface PollTask {
  readonly variables: Readonly<Record<string, string>>
  readonly url: string
  /** How far its clock is ahead of the machine's. */
  readonly aheadMs: number
}

const { variables, url, aheadMs } = JSON.parse(process.argv[2] ?? '') as PollTask
const loaded = loadConfig(variables)
if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
const database = await openDatabase(loaded.config.database)
const nothing = (): void => undefined
const taken = await pollPlatform(
  {
    messageDeps: messageDepsOn(database, { variables, clock: { nowMs: () => systemClock.nowMs() + aheadMs } }),
    listing: [],
    metrics: { countPolled: nothing, countPollFailure: nothing, showPollPosition: nothing },
    reportPoll: nothing,
  },
  listingChannel('listing', { url }),
  new AbortController().signal,
)
process.stdout.write(String(taken))
await database.close()
