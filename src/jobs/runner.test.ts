import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { pino } from 'pino'
import { systemClock } from '../kernel/clock.ts'
import { type KeyValueStore, KeyValueUnavailable } from '../kv/kv.ts'
import { openKeyValueStore } from '../kv/open.ts'
import { type Job, runOnTime, startJobs } from './runner.ts'

const logger = pino({ level: 'silent' })
const { signal } = new AbortController()

async function openStore(t: TestContext): Promise<KeyValueStore> {
  const directory = await mkdtemp(join(tmpdir(), 'payment-api-jobs-'))
  const kv = await openKeyValueStore({ kind: 'sqlite', file: join(directory, 'kv.db'), clock: systemClock })
  t.after(async () => {
    await kv.close()
    await rm(directory, { recursive: true })
  })
  return kv
}

function counting(work: (signal: AbortSignal) => Promise<number> = async () => 1): { job: Job; runs: () => number } {
  let runs = 0
  const run = async (stop: AbortSignal): Promise<number> => {
    runs += 1
    return work(stop)
  }
  return { job: { name: 'counted', pattern: '* * * * * *', run }, runs: () => runs }
}

test('of the processes that share a store, one runs a job at each of its times', async (t) => {
  const kv = await openStore(t)
  const { job, runs } = counting()
  const atTime = (slotMs: number) => runOnTime(job, { kv, logger, slotMs, signal })
  await Promise.all([atTime(1_000), atTime(1_000), atTime(1_000)])
  assert.equal(runs(), 1)
  await atTime(2_000)
  assert.equal(runs(), 2)
})

test('with the store away every process runs it: the work is protected elsewhere', async () => {
  const gone = { setIfAbsent: () => Promise.reject(new KeyValueUnavailable('gone')) } as unknown as KeyValueStore
  const { job, runs } = counting()
  await runOnTime(job, { kv: gone, logger, slotMs: 1_000, signal })
  assert.equal(runs(), 1)
})

test('a job that fails is no fault of its process, and runs again at its next time', async (t) => {
  const kv = await openStore(t)
  const { job, runs } = counting(() => Promise.reject(new Error('broken')))
  await runOnTime(job, { kv, logger, slotMs: 1_000, signal })
  await runOnTime(job, { kv, logger, slotMs: 2_000, signal })
  assert.equal(runs(), 2)
})

test('closing tells a job to stop and waits for its present step; no other begins', { timeout: 20_000 }, async (t) => {
  const kv = await openStore(t)
  const begun = Promise.withResolvers<void>()
  const stepDone = Promise.withResolvers<void>()
  let wasTold = false
  const { job, runs } = counting(async (stop) => {
    begun.resolve()
    await stepDone.promise
    wasTold = stop.aborted
    return 0
  })
  const jobs = startJobs([job], { kv, logger })
  // Its own pattern starts it within a second, and never over itself.
  await begun.promise
  const closed = jobs.close()
  stepDone.resolve()
  await closed
  assert.deepEqual([wasTold, runs()], [true, 1])
})

test('a job that there is not is a mistake of whoever asks for it', async (t) => {
  const jobs = startJobs([], { kv: await openStore(t), logger })
  await assert.rejects(jobs.run('nothing'), /no job nothing/)
  await jobs.close()
})
