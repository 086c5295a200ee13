import { readApps } from './apps.ts'
import { readChannels } from './channels.ts'
import { CHECKS, configWarnings, type Draft } from './checks.ts'
import type { Config, Environment, HttpConfig, KnownConfig, LoggingConfig, MetricsConfig } from './config.ts'
import { readDatabase } from './database-url.ts'
import { type ConfigFault, combine, faultsOf, type Reading, read, valueIn } from './faults.ts'
import { readJwtKeys } from './jwt-keys.ts'
import { localDefaults } from './local.ts'
import { readMessaging } from './messaging.ts'
import { readCors, readHost, readRateLimit, readTrustedProxies } from './network.ts'
import { onlineDefaults } from './online.ts'
import type { ListenAddress } from './port.ts'
import { readPublicUrl } from './public-url.ts'
import { keyValueOrFile, readRedis } from './redis-settings.ts'
import { readJwtSecret } from './secrets.ts'
import { readRequired, readSetting, type Texts, textsOf } from './settings.ts'

export type { ConfigFault } from './faults.ts'
export { describeFaults } from './faults.ts'

export type LoadedConfig = {
  /** Where the server is to listen, as far as that could be read: a taken port is told with the other faults. */
  readonly listen: ListenAddress | null
} & (
  | { readonly ok: true; readonly config: Config; readonly warnings: string[] }
  | {
      readonly ok: false
      readonly faults: ConfigFault[]
      /** For who looks at a faulty configuration: no server starts on it. */
      readonly known: KnownConfig
    }
)

/** Reads the environment of this process. Nothing else in the service does. */
export function loadProcessConfig(): LoadedConfig {
  return loadConfig(process.env)
}

/** Turns environment variables into a configuration, or names everything that is wrong with them. Never throws. */
export function loadConfig(variables: Readonly<Record<string, string | undefined>>): LoadedConfig {
  const named = readRequired(textsOf(variables, localDefaults), 'ENV')
  // With no environment to judge by, each variable is still read, but what only `online` forbids is not told.
  const env = named.ok ? named.value : 'local'
  const texts = textsOf(variables, env === 'online' ? onlineDefaults : localDefaults)
  const readings = readAll(texts, env)
  const checks = named.ok ? CHECKS : []
  const faults = [
    ...faultsOf(named),
    ...Object.values<Reading<unknown>>(readings).flatMap(faultsOf),
    ...checks.flatMap((check) => check(draftOf(readings, env))),
  ]
  const all = combine<ReadParts>(readings)
  const [host, port] = [valueIn(readings.host), valueIn(readings.port)]
  const listen = host === null || port === null ? null : { host, port }
  if (!all.ok || faults.length > 0) return { ok: false, faults, listen, known: knownOf(readings, env) }
  const config = configOf(all.value, env)
  return { ok: true, config, listen, warnings: [...all.warnings, ...configWarnings(config)] }
}

/** Each concern by itself, so that one that is faulty hides no other. */
function readAll(texts: Texts, env: Environment) {
  const apps = readApps(texts, env)
  return {
    host: readHost(texts),
    port: readRequired(texts, 'PORT'),
    publicUrl: readPublicUrl(texts),
    allowPublic: readSetting(texts, 'LOCAL_ALLOW_PUBLIC'),
    cors: readCors(texts),
    trustedProxies: readTrustedProxies(texts),
    rateLimit: readRateLimit(texts),
    docs: readRequired(texts, 'DOCS'),
    workers: readRequired(texts, 'WORKERS'),
    shutdownGraceMs: readRequired(texts, 'SHUTDOWN_GRACE_MS'),
    database: readDatabase(texts),
    migrateAtStart: readRequired(texts, 'MIGRATE_AT_START'),
    backupDir: readRequired(texts, 'BACKUP_DIR'),
    redis: readRedis(texts),
    jwtSecret: readJwtSecret(texts, env),
    jwtKeys: readJwtKeys(texts, env),
    apps,
    channels: readChannels(texts, apps.ok ? apps.value : null),
    messaging: readMessaging(texts, env),
    securityEventDays: readRequired(texts, 'SECURITY_EVENT_DAYS'),
    logging: readLogging(texts),
    metrics: readMetrics(texts, env),
  }
}

type Readings = ReturnType<typeof readAll>
type ReadParts = { [K in keyof Readings]: Readings[K] extends Reading<infer T> ? T : never }

function readLogging(texts: Texts): Reading<LoggingConfig> {
  const logging = combine({
    level: readRequired(texts, 'LOG_LEVEL'),
    file: readSetting(texts, 'LOG_FILE'),
    requests: readRequired(texts, 'LOG_REQUESTS'),
  })
  if (!logging.ok) return logging
  const { level, file, requests } = logging.value
  return read({ level, file: file === null || /^(off|none)$/i.test(file) ? null : file, requests }, logging.warnings)
}

function readMetrics(texts: Texts, env: Environment): Reading<MetricsConfig> {
  const guards = combine({ token: readSetting(texts, 'METRICS_TOKEN'), port: readSetting(texts, 'METRICS_PORT') })
  if (!guards.ok) return guards
  if (guards.value.token !== null || guards.value.port !== null) return read({ mode: 'guarded', ...guards.value })
  return read({ mode: env === 'local' ? 'loopback' : 'off' })
}

function draftOf(readings: Readings, env: Environment): Draft {
  const database = valueIn(readings.database)
  return {
    env,
    host: valueIn(readings.host),
    port: valueIn(readings.port),
    allowPublic: valueIn(readings.allowPublic),
    cors: valueIn(readings.cors),
    workers: valueIn(readings.workers),
    database,
    keyValue: readings.redis.ok && database !== null ? keyValueOrFile(readings.redis.value, database) : null,
    apps: valueIn(readings.apps),
    channels: valueIn(readings.channels),
    metrics: valueIn(readings.metrics),
  }
}

function configOf(parts: ReadParts, env: Environment): Config {
  const { host, port, publicUrl, cors, trustedProxies, rateLimit, docs, allowPublic: _, redis, ...rest } = parts
  const http: HttpConfig = { host, port, publicUrl, cors, trustedProxies, rateLimit, docs }
  return { env, http, keyValue: keyValueOrFile(redis, parts.database), ...rest }
}

/** The same as far as it could be read. */
function knownOf(readings: Readings, env: Environment): KnownConfig {
  const values = Object.entries<Reading<unknown>>(readings).flatMap(([name, reading]) =>
    reading.ok ? [[name, reading.value] as const] : [],
  )
  const { keyValue } = draftOf(readings, env)
  // Where the store is not known, anything may stand in for it: it is taken out again.
  const redis = keyValue ?? { kind: 'sqlite', file: '' }
  const { keyValue: store, ...known } = configOf({ ...Object.fromEntries(values), redis } as ReadParts, env)
  return keyValue === null ? known : { ...known, keyValue: store }
}
