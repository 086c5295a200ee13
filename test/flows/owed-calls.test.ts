import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Channel } from '../../src/channels/channel.ts'
import { newOwedCallId } from '../../src/kernel/ids.ts'
import { accepted } from '../../src/kernel/outcome.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { aheadClock } from '../support/fake-clock.ts'
import { APP_ID } from '../support/test-app.ts'

const TOGETHER = 20
const ONE_RUN = 200
const clock = aheadClock()
const appId = APP_ID as Channel['appId']
let underWay = 0
let all = Promise.withResolvers<void>()

/** Answers none of its calls before the whole batch was made. */
const channel: Channel = {
  ...{ instance: 'slow', appId },
  openCheckout: async () => accepted({ kind: 'external' }),
  carryOutCall: async () => {
    underWay += 1
    if (underWay === TOGETHER) all.resolve()
    await all.promise
    return accepted('done')
  },
}

onEveryEngine(
  (on) => {
    before(() => {
      underWay = 0
      all = Promise.withResolvers()
    })
    const work = () => on.app.service.jobs.run('carry-out-channel-tasks')

    test('calls that are owed are made beside each other, and so many in a run that refunds have their turn', {
      timeout: 60_000,
    }, async () => {
      const nowMs = clock.nowMs()
      const rows = Array.from({ length: ONE_RUN + 7 }, (_, no) => ({
        ...{ call_id: newOwedCallId(), call_key: String(no).padStart(64, '0'), app_id: appId, instance: 'slow' },
        ...{ environment: 'live' as const, kind: 'consume' as const, subject: `purchase ${no}`, payment_id: null },
        ...{ details: '{}', state: 'open' as const, attempts: 0, next_attempt_at_ms: nowMs, until_ms: null },
        ...{ last_error: null, created_at_ms: nowMs, updated_at_ms: nowMs },
      }))
      await on.app.service.database.inTransaction((tx) => tx.insertInto('owed_calls').values(rows).execute())
      assert.deepEqual([await work(), await work(), await work()], [ONE_RUN, 7, 0])
      assert.equal(underWay, rows.length, 'each once')
    })
  },
  { channels: [channel], clock },
)
