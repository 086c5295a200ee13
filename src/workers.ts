import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'

/** What a worker tells the process that started it. */
export type WorkerMessage =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'refused'; readonly why: string }
  | { readonly kind: 'metrics_wanted'; readonly ask: number }
  | { readonly kind: 'own_metrics'; readonly round: number; readonly metrics: unknown }

/** What it answers. */
type SupervisorMessage =
  | { readonly kind: 'metrics_asked'; readonly round: number }
  | { readonly kind: 'metrics_of_all'; readonly ask: number; readonly ofEach: readonly unknown[] }

/** A worker that dies is replaced at once, and ever more slowly while it keeps dying. */
const BACKOFF_FIRST_MS = 100
const BACKOFF_MAX_MS = 10_000
/** After this long a worker counts as healthy, and the next death starts from the first delay again. */
const HEALTHY_AFTER_MS = 30_000
/** A worker that is frozen or busy is left out of a reading, rather than holding it up. */
const METRICS_WITHIN_MS = 1_000
/** Above the time that the supervisor takes for its own round. */
const METRICS_GIVEN_UP_MS = 2_000

export interface Supervision {
  readonly count: number
  readonly graceMs: number
  readonly logger: Logger
  /** Called once, when every worker listens. */
  readonly onListening: (address: string) => void
  /** Called when a worker cannot start at all, before any ever could: a fault of the configuration or the machine. */
  readonly onRefused: (why: string) => void
}

/**
 * Runs the service in several processes on one port. A worker that dies is replaced; a signal stops them all
 * gracefully. This process opens no database and serves nobody: it has nothing to lose and nothing to die of.
 */
export function superviseWorkers(supervision: Supervision): void {
  const listening = new Set<number>()
  let everListened = false
  let stopping = false
  let exitCode = 0
  let backoffMs = BACKOFF_FIRST_MS

  const fork = (): void => {
    const worker = cluster.fork()
    const healthy = setTimeout(() => {
      backoffMs = BACKOFF_FIRST_MS
    }, HEALTHY_AFTER_MS).unref()
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'refused') {
        if (!everListened) supervision.onRefused(message.why)
        else supervision.logger.error({ pid: worker.process.pid }, message.why)
      }
      if (message.kind === 'metrics_wanted') gatherFor(worker, { ask: message.ask, among: listening })
      if (message.kind !== 'listening') return
      listening.add(worker.id)
      if (everListened || listening.size < supervision.count) return
      everListened = true
      supervision.onListening(message.address)
    })
    worker.on('exit', (code, signal) => {
      clearTimeout(healthy)
      if (stopping) return
      listening.delete(worker.id)
      supervision.logger.error(
        { pid: worker.process.pid, code, signal },
        `a worker died; another starts in ${backoffMs} ms`,
      )
      setTimeout(() => {
        if (!stopping) fork()
      }, backoffMs)
      backoffMs = Math.min(backoffMs * 2, BACKOFF_MAX_MS)
    })
  }

  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1)
    stopping = true
    supervision.logger.info(`${signal}: stopping ${workers().length} workers`)
    setTimeout(() => {
      for (const worker of workers()) worker.process.kill('SIGKILL')
      process.exit(1)
    }, supervision.graceMs + BACKOFF_FIRST_MS).unref()
    if (workers().length === 0) process.exit(0)
    for (const worker of workers()) {
      worker.process.kill('SIGTERM')
      worker.once('exit', (code) => {
        // What one of them had to leave unfinished is the whole service's failure to stop well.
        if (code !== 0 && listening.has(worker.id)) exitCode = 1
        if (workers().length === 0) process.exit(exitCode)
      })
    }
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  for (let started = 0; started < supervision.count; started++) fork()
}

function workers(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined && !worker.isDead()) as Worker[]
}

let roundsAsked = 0

/** Asks every worker that serves for its metrics, and hands them all to the one that wants them. */
function gatherFor(asker: Worker, { ask, among }: { ask: number; among: ReadonlySet<number> }): void {
  const round = ++roundsAsked
  const asked = workers().filter((worker) => among.has(worker.id) && worker.isConnected())
  const ofEach = new Map<number, unknown>()
  const done = (): void => {
    clearTimeout(timer)
    cluster.off('message', collect)
    tellWorker(asker, { kind: 'metrics_of_all', ask, ofEach: [...ofEach.values()] })
  }
  const collect = (worker: Worker, message: WorkerMessage): void => {
    if (message.kind !== 'own_metrics' || message.round !== round) return
    ofEach.set(worker.id, message.metrics)
    if (ofEach.size === asked.length) done()
  }
  const timer = setTimeout(done, METRICS_WITHIN_MS)
  cluster.on('message', collect)
  for (const worker of asked) tellWorker(worker, { kind: 'metrics_asked', round })
}

function tellWorker(worker: Worker, message: SupervisorMessage): void {
  // A worker may die at any moment; its exit is told elsewhere.
  if (worker.isConnected()) worker.send(message, () => {})
}

/** In a worker: lets its siblings read its metrics, and gives the way to read those of all. */
export function shareMetrics(own: () => Promise<unknown>): () => Promise<readonly unknown[]> {
  const waiting = new Map<number, (ofEach: readonly unknown[]) => void>()
  let asks = 0
  process.on('message', (message: SupervisorMessage) => {
    if (message.kind === 'metrics_of_all') waiting.get(message.ask)?.(message.ofEach)
    if (message.kind !== 'metrics_asked') return
    void own().then((metrics) => tellSupervisor({ kind: 'own_metrics', round: message.round, metrics }))
  })
  return async () => {
    const ask = ++asks
    const { promise, resolve } = Promise.withResolvers<readonly unknown[]>()
    waiting.set(ask, resolve)
    // Without a supervisor that answers, what this worker knows is still true.
    const timer = setTimeout(async () => resolve([await own()]), METRICS_GIVEN_UP_MS)
    tellSupervisor({ kind: 'metrics_wanted', ask })
    try {
      return await promise
    } finally {
      clearTimeout(timer)
      waiting.delete(ask)
    }
  }
}

/**
 * In a worker: told when the supervisor is gone. Nobody would replace or stop this worker any more, and nobody hands
 * it connections; without the mark below Node ends it at once, in the middle of what it is answering.
 */
export function onOrphaned(stop: () => void): void {
  const { worker } = cluster
  worker?.once('disconnect', () => {
    worker.exitedAfterDisconnect = true
    stop()
  })
}

/** True in a process that `superviseWorkers` has started. */
export function isWorker(): boolean {
  return cluster.isWorker
}

/** Tells the supervising process; nothing happens where there is none. */
export function tellSupervisor(message: WorkerMessage): void {
  if (process.connected) process.send?.(message, undefined, undefined, () => {})
}

/** The number that tells this worker's lines and metrics from its siblings'. */
export function workerNumber(): number | null {
  return cluster.worker?.id ?? null
}
