import { openChannels } from '../../src/channels/registry.ts'
import { describeFaults, loadConfig } from '../../src/config/load.ts'
import { openDatabase } from '../../src/db/open-database.ts'
import { carryOutCalls } from '../../src/features/payments/index.ts'
import { deskOn, refundingPlatform } from './review-desk.ts'

/** What the test tells it: where this process dies by its own hand while it makes the calls that we owe. */
export interface OwedCallTask {
  readonly variables: Readonly<Record<string, string>>
  /** How far the clock of the test is ahead. */
  readonly aheadMs: number
  readonly diesAt: 'before_call' | 'after_answer'
}

const task = JSON.parse(process.argv[2] ?? '') as OwedCallTask
const loaded = loadConfig(task.variables)
if (!loaded.ok) throw new Error(describeFaults(loaded.faults))
const database = await openDatabase(loaded.config.database)
const means = { sandbox: null }
const instances = loaded.config.channels.filter(({ type }) => type !== 'sandbox')
const channels = openChannels(instances, { means, standIn: false })
const mortal: typeof channels = {
  ...channels,
  byInstance: (name) => {
    const channel = channels.byInstance(name)
    if (!channel?.carryOutCall) return channel
    const { carryOutCall } = channel
    return {
      ...channel,
      carryOutCall: async (call) => {
        if (task.diesAt === 'before_call') process.kill(process.pid, 'SIGKILL')
        const done = await carryOutCall(call)
        process.kill(process.pid, 'SIGKILL')
        return done
      },
    }
  },
}
const clock = { nowMs: () => Date.now() + task.aheadMs }
const desk = deskOn(database, { variables: task.variables, channel: refundingPlatform().channel, clock })
const deps = { ...desk, channels: mortal, reportCall: () => undefined }
await carryOutCalls(deps, new AbortController().signal)
await database.close()
