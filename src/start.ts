import { compose, type Service } from './compose.ts'
import type { Config } from './config/config.ts'
import { describeFaults, loadProcessConfig } from './config/load.ts'
import { portFaults } from './config/port.ts'
import { VERSION } from './version.ts'

/** Reads the configuration, composes, listens, and closes in reverse order at a signal. Refuses with every fault at once. */
export async function start(): Promise<void> {
  const loaded = loadProcessConfig()
  const taken = await portFaults(loaded.listen)
  if (!loaded.ok) refuse(describeFaults([...loaded.faults, ...taken]))
  if (taken.length > 0) refuse(describeFaults(taken))
  await serve(loaded.config, loaded.warnings)
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
  const address = await server.listen({ host, port })
  if (metricsServer && config.metrics.mode === 'guarded' && config.metrics.port !== null) {
    await metricsServer.listen({ host, port: config.metrics.port })
  }
  const docs = config.http.docs ? `, its calls at ${address}/docs` : ''
  process.stdout.write(`Payment API ${VERSION} (${config.env}) is running at ${address}${docs}\n`)
}

/** Stops taking requests, finishes those under way, closes everything; a second signal or the end of grace kills. */
function stopOnSignal(service: Service, config: Config): void {
  let stopping = false
  const stop = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1)
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
}

/** What an operator can mend is told in one line; only a bug is shown with its stack. */
function startFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const known = ['StorageUnavailable', 'SchemaMismatch', 'KeyValueOpenError', 'KeyValueUnavailable', 'LogFileError']
  return known.includes(error.name) ? error.message : (error.stack ?? error.message)
}

function refuse(why: string): never {
  process.stderr.write(`${why}\n`)
  process.exit(1)
}
