import { setTimeout as delay } from 'node:timers/promises'
import { Counter, Gauge, type Registry } from 'prom-client'
import type { AppId } from '../kernel/ids.ts'
import type { Metrics } from './metrics.ts'

/** How many players have events that an app's game server has not taken, and how old the oldest is. */
export type ReadOutbox = (appId: AppId) => Promise<{ readonly players: number; readonly ageMs: number }>

// A database that does not answer must not keep the other metrics from being read.
const READ_WITHIN_MS = 1_000

export function outboxMetrics(registry: Registry): Pick<Metrics, 'countDelivery' | 'watchOutbox'> {
  const deliveries = new Counter({
    name: 'outbox_deliveries_total',
    help: 'Events sent to the game server, by whether it took them',
    labelNames: ['app', 'outcome'],
    registers: [registry],
  })
  return {
    countDelivery: ({ appId, outcome }) => deliveries.labels(appId, outcome).inc(),
    watchOutbox: (appIds, read) => {
      // From the start: Prometheus sees no increase in a series that begins at one.
      for (const appId of appIds) for (const outcome of ['taken', 'failed']) deliveries.labels(appId, outcome).inc(0)
      watchBacklog(registry, { appIds, read })
    },
  }
}

/** Every process reads the same tables, so of several answers any is right, and their sum would not be. */
function watchBacklog(registry: Registry, { appIds, read }: { appIds: readonly AppId[]; read: ReadOutbox }): void {
  // Both gauges are read at once, by one reading.
  let reading: Promise<readonly Backlog[]> | null = null
  const readAll = () => {
    reading ??= Promise.all(appIds.map((appId) => inTime(read(appId), appId))).finally(() => {
      reading = null
    })
    return reading
  }
  const gauge = (about: { name: string; help: string }, measure: (backlog: Backlog) => number | undefined) =>
    new Gauge({
      ...{ ...about, labelNames: ['app'], aggregator: 'max', registers: [registry] },
      async collect() {
        const backlogs = await readAll()
        this.reset()
        for (const backlog of backlogs) {
          const value = measure(backlog)
          if (value !== undefined) this.labels(backlog.appId).set(value)
        }
      },
    })
  gauge(
    {
      name: 'outbox_waiting_players',
      help: 'Players with events that the game server has not taken; ten thousand at most',
    },
    ({ players }) => players,
  )
  gauge(
    {
      name: 'outbox_oldest_waiting_seconds',
      help: 'For how long the oldest event has been waiting that the game server has not taken',
    },
    ({ ageMs }) => ageMs && ageMs / 1000,
  )
}

interface Backlog extends Partial<Awaited<ReturnType<ReadOutbox>>> {
  readonly appId: AppId
}

/** The app alone where the reading fails or takes too long: a series that is missing says more than one that is old. */
async function inTime(reading: ReturnType<ReadOutbox>, appId: AppId): Promise<Backlog> {
  const giveUp = new AbortController()
  const nothing = () => ({})
  const late = delay(READ_WITHIN_MS, {}, { signal: giveUp.signal }).catch(nothing)
  try {
    return { appId, ...(await Promise.race([reading.catch(nothing), late])) }
  } finally {
    giveUp.abort()
  }
}
