import { Cron } from 'croner'
import type { Logger } from 'pino'
import { stopwatch } from '../kernel/clock.ts'
import { type KeyValueStore, KeyValueUnavailable } from '../kv/kv.ts'

/** A piece of background work. It may run in any process at any time, also in two at once: the database protects it. */
export interface Job {
  readonly name: string
  /** A cron pattern with seconds, in UTC. */
  readonly pattern: string
  /** How loudly it is logged that it did something; `info` when left out. */
  readonly level?: 'debug'
  /** Works in short steps and stops between them once it is told to; gives how much it did, for the log. */
  readonly run: (signal: AbortSignal) => Promise<number>
}

/** The jobs at work. */
export interface Jobs {
  /** Runs one now, whatever its pattern says; gives how much it did. */
  run(name: string): Promise<number>
  /** Starts no more, tells those under way to stop, and waits for their present step. */
  close(): Promise<void>
}

// A slot is one second of the pattern; the lease outlives clocks that differ by some seconds.
const LEASE_MS = 60_000

/**
 * Runs jobs by their patterns, each in one of the processes that share the store, and never over itself. With
 * `onTime: false` they run only when they are told to.
 */
export function startJobs(jobs: readonly Job[], deps: { kv: KeyValueStore; logger: Logger; onTime?: boolean }): Jobs {
  const stopping = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  const track = <T>(work: Promise<T>): Promise<T> => {
    const settled = work.catch(() => undefined).finally(() => underWay.delete(settled))
    underWay.add(settled)
    return work
  }
  const crons = (deps.onTime === false ? [] : jobs).map((job) => {
    const onTime = (cron: Cron) => {
      const slotMs = cron.currentRun()?.getTime() ?? 0
      return track(runOnTime(job, { ...deps, slotMs, signal: stopping.signal }))
    }
    return new Cron(job.pattern, { timezone: 'UTC', protect: true, unref: true }, onTime)
  })
  return {
    run: async (name) => {
      const job = jobs.find((one) => one.name === name)
      if (!job) throw new Error(`there is no job ${name}`)
      return track(job.run(stopping.signal))
    },
    close: async () => {
      for (const cron of crons) cron.stop()
      stopping.abort()
      await Promise.all(underWay)
    },
  }
}

/** Runs a job at its time, in this process if it is the first to come. Never rejects: the next run does the rest. */
export async function runOnTime(
  job: Job,
  deps: { kv: KeyValueStore; logger: Logger; slotMs: number; signal: AbortSignal },
): Promise<void> {
  const { kv, logger, slotMs, signal } = deps
  const elapsedMs = stopwatch()
  try {
    if (!(await takeSlot(kv, { name: job.name, slotMs }))) return
    const done = await job.run(signal)
    if (done > 0) logger[job.level ?? 'info'](`job ${job.name}: ${done} done in ${elapsedMs().toFixed(0)} ms`)
  } catch (error) {
    logger.warn({ err: error }, `job ${job.name} failed`)
  }
}

/** One process for each slot. With the store away every process runs it: twice the work, and nothing worse. */
async function takeSlot(kv: KeyValueStore, { name, slotMs }: { name: string; slotMs: number }): Promise<boolean> {
  const slot = Math.floor(slotMs / 1000)
  try {
    return await kv.setIfAbsent(`job:${name}:${slot}`, '1', { ttlMs: LEASE_MS })
  } catch (error) {
    if (error instanceof KeyValueUnavailable) return true
    throw error
  }
}
