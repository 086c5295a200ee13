import { compose, type Service } from './compose.ts'
import type { Config } from './config/config.ts'
import { describeFaults, loadProcessConfig } from './config/load.ts'
import { portFaults } from './config/port.ts'
import { openLogger } from './http/logger.ts'
import { VERSION } from './version.ts'
import { isWorker, onOrphaned, superviseWorkers, tellSupervisor } from './workers.ts'

/** Reads the configuration, composes, listens, and closes in reverse order at a signal. Refuses with every fault at once. */
export async function start(): Promise<void> {
  const loaded = loadProcessConfig()
  // A worker shares the port that its supervisor has tried.
  const taken = isWorker() ? [] : await portFaults(loaded.listen)
  if (!loaded.ok) refuse(describeFaults([...loaded.faults, ...taken]))
  if (taken.length > 0) refuse(describeFaults(taken))
  const { config, warnings } = loaded
  if (config.workers > 1 && !isWorker()) await supervise(config, warnings)
  else await serve(config, isWorker() ? [] : warnings)
}

async function supervise(config: Config, warnings: readonly string[]): Promise<void> {
  const { logger } = await openLogger(config)
  for (const warning of warnings) logger.warn(warning)
  superviseWorkers({
    count: config.workers,
    graceMs: config.shutdownGraceMs,
    logger,
    onListening: (address) => announce(config, address),
    onRefused: refuse,
  })
}

async function serve(config: Config, warnings: readonly string[]): Promise<void> {
  let service: Service
  try {
    service = await compose(config)
  } catch (error) {
    refuse(`The server did not start: ${startFailure(error)}`)
  }
  const { server, metricsServer, logger } = service
  for (const warning of warnings) logger.warn(warning)
  stopOnSignal(service, config)
  const { host, port } = config.http
  const address = await server.listen({ host, port, ...sharing(port) })
  if (metricsServer && config.metrics.mode === 'guarded' && config.metrics.port !== null) {
    await metricsServer.listen({ host, port: config.metrics.port, ...sharing(config.metrics.port) })
  }
  if (isWorker()) tellSupervisor({ kind: 'listening', address })
  else announce(config, address)
}

/**
 * Each worker takes its connections from the system itself. Handed on by the supervisor, a connection that is on its way
 * to a worker at the moment of its death would stay open with nobody behind it, and its client would wait for ever.
 */
function sharing(port: number): { reusePort?: true } {
  return isWorker() && port !== 0 && process.platform === 'linux' ? { reusePort: true } : {}
}

function announce(config: Config, address: string): void {
  const workers = config.workers > 1 ? ` with ${config.workers} workers` : ''
  const lines = [`Payment API ${VERSION} (${config.env}) is running at ${address}${workers}`]
  if (config.http.docs) lines.push(`Its calls are documented at ${address}/docs`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Stops taking requests, finishes those under way, closes everything; a second signal or the end of grace kills. */
function stopOnSignal(service: Service, config: Config): void {
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) {
      // A terminal sends Ctrl-C to every process of the group: a worker hears it from there and from its supervisor.
      if (!isWorker()) process.exit(1)
      return
    }
    stopping = true
    service.logger.info(`${signal}: finishing what is under way`)
    setTimeout(() => process.exit(1), config.shutdownGraceMs).unref()
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  onOrphaned(() => stop('SIGTERM'))
}

/** What an operator can mend is told in one line; only a bug is shown with its stack. */
function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const ofStores = ['StorageUnavailable', 'SchemaMismatch', 'KeyValueOpenError', 'KeyValueUnavailable']
  const known = [...ofStores, 'LogFileError', 'UnknownLimitedRoute']
  return known.includes(error.name) ? error.message : (error.stack ?? error.message)
}

function refuse(why: string): never {
  if (isWorker()) tellSupervisor({ kind: 'refused', why })
  else process.stderr.write(`${why}\n`)
  process.exit(1)
}
