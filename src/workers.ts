import cluster, { type Worker } from 'node:cluster'
import type { Logger } from 'pino'

/** What a worker tells the process that started it. */
export type WorkerMessage =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'refused'; readonly why: string }

/** A worker that dies is replaced at once, and ever more slowly while it keeps dying. */
const BACKOFF_FIRST_MS = 100
const BACKOFF_MAX_MS = 10_000
/** After this long a worker counts as healthy, and the next death starts from the first delay again. */
const HEALTHY_AFTER_MS = 30_000

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
  let backoffMs = BACKOFF_FIRST_MS

  const fork = (): void => {
    const worker = cluster.fork()
    const healthy = setTimeout(() => {
      backoffMs = BACKOFF_FIRST_MS
    }, HEALTHY_AFTER_MS).unref()
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'refused' && !everListened) supervision.onRefused(message.why)
      if (message.kind !== 'listening') return
      listening.add(worker.id)
      if (everListened || listening.size < supervision.count) return
      everListened = true
      supervision.onListening(message.address)
    })
    worker.on('exit', (code, signal) => {
      clearTimeout(healthy)
      listening.delete(worker.id)
      if (stopping) return
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
      worker.once('exit', () => {
        if (workers().length === 0) process.exit(0)
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

/** True in a process that `superviseWorkers` has started. */
export function isWorker(): boolean {
  return cluster.isWorker
}

/** Tells the supervising process; nothing happens where there is none. */
export function tellSupervisor(message: WorkerMessage): void {
  process.send?.(message)
}

/** The number that tells this worker's lines and metrics from its siblings'. */
export function workerNumber(): number | null {
  return cluster.worker?.id ?? null
}
