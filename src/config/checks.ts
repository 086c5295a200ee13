import { chosenSecretsOf, provingSecretsOf } from './channels.ts'
import type {
  AppConfig,
  ChannelConfig,
  Config,
  CorsConfig,
  DatabaseConfig,
  Environment,
  KeyValueConfig,
  MetricsConfig,
} from './config.ts'
import { type ConfigFault, quoted } from './faults.ts'
import { isLoopback } from './network.ts'
import { strongSecretRemedy, weaknessOf } from './secrets.ts'
import { weakWebhookSecrets } from './webhooks.ts'

/** What is known of the configuration while it is checked: a part that is faulty itself is null. */
export interface Draft {
  readonly env: Environment
  readonly host: string | null
  readonly port: number | null
  readonly allowPublic: boolean | null
  readonly cors: CorsConfig | null
  readonly workers: number | null
  readonly database: DatabaseConfig | null
  readonly keyValue: KeyValueConfig | null
  readonly apps: readonly AppConfig[] | null
  readonly channels: readonly ChannelConfig[] | null
  readonly metrics: MetricsConfig | null
}

type Check = (draft: Draft) => readonly ConfigFault[]

/** What no variable can break alone. Each looks at one thing, and stays silent about a part that is null. */
export const CHECKS: readonly Check[] = [
  localStaysOnThisMachine,
  appSecretsAreStrong,
  webhookSecretsAreStrong,
  channelSecretsAreStrong,
  channelSecretsAreApart,
  channelCallsAreEncrypted,
  appleAppsAreApart,
  googleAppsAreApart,
  corsOriginsAreListed,
  sandboxStaysLocal,
  sqliteHasOneWorker,
  mysqlHasRedis,
  metricsPortIsItsOwn,
]

/** What the operator should know and may decide otherwise. */
export function configWarnings(config: Config): string[] {
  if (config.env === 'local') return []
  const warnings: string[] = []
  if (config.database.kind === 'sqlite') {
    warnings.push(
      'DATABASE_URL: on SQLite the server runs as one process on one machine. Use MySQL or MariaDB to scale.',
    )
  }
  if (config.database.kind === 'mysql' && config.database.tls === 'required') {
    warnings.push('DATABASE_URL: tls=required encrypts but believes any certificate. Use tls=verify where you can.')
  }
  for (const channel of config.channels) {
    if (channel.type === 'xsolla' && channel.sandbox) {
      warnings.push(
        `CHANNELS: ${quoted(channel.instance)} opens checkouts in Xsolla's sandbox: nobody pays real money there.`,
      )
    }
    if (channel.type !== 'stripe' || !channel.secretKey?.includes('_test_')) continue
    warnings.push(
      `CHANNELS: the key of ${quoted(channel.instance)} is of Stripe's test mode: nobody pays real money by it.`,
    )
  }
  if (config.metrics.mode === 'guarded' && config.metrics.token !== null && weaknessOf(config.metrics.token) !== null) {
    warnings.push(`METRICS_TOKEN: ${weaknessOf(config.metrics.token)}. ${strongSecretRemedy('METRICS_TOKEN')}`)
  }
  return warnings
}

function localStaysOnThisMachine({ env, host, allowPublic }: Draft): readonly ConfigFault[] {
  if (env !== 'local' || host === null || isLoopback(host) || allowPublic !== false) return []
  const fault = `${quoted(host)} can be reached from other machines, and ENV=local believes everybody: it is an open mint`
  const remedy = 'Set HOST=127.0.0.1, or ENV=online, or LOCAL_ALLOW_PUBLIC=1 on a network where you trust everybody.'
  return [{ variable: 'HOST', fault, remedy }]
}

function appSecretsAreStrong({ env, apps }: Draft): readonly ConfigFault[] {
  if (env !== 'online') return []
  return (apps ?? []).flatMap(({ appId, secrets }) =>
    secrets.flatMap((secret) => {
      const weakness = weaknessOf(secret)
      const where = `the appSecret of ${quoted(appId)}`
      return weakness === null
        ? []
        : [{ variable: 'APPS', fault: `${where} ${weakness}`, remedy: strongSecretRemedy(where) }]
    }),
  )
}

function webhookSecretsAreStrong({ env, apps }: Draft): readonly ConfigFault[] {
  return env === 'online' ? weakWebhookSecrets(apps ?? []) : []
}

function channelSecretsAreStrong({ env, channels }: Draft): readonly ConfigFault[] {
  if (env !== 'online') return []
  return (channels ?? []).flatMap((channel) =>
    chosenSecretsOf(channel).flatMap((secret) => {
      const weakness = weaknessOf(secret)
      const where = `a secret of the channel ${quoted(channel.instance)}`
      return weakness === null
        ? []
        : [{ variable: 'CHANNELS', fault: `${where} ${weakness}`, remedy: strongSecretRemedy(where) }]
    }),
  )
}

// A signature names no instance: with one secret for two, a message to one could be played again to the other.
function channelSecretsAreApart({ channels }: Draft): readonly ConfigFault[] {
  const owners = new Map<string, string>()
  const faults: ConfigFault[] = []
  for (const channel of channels ?? []) {
    for (const secret of new Set(provingSecretsOf(channel))) {
      const owner = owners.get(secret)
      owners.set(secret, owner ?? channel.instance)
      if (owner === undefined) continue
      const fault = `the channels ${quoted(owner)} and ${quoted(channel.instance)} have a secret in common`
      const remedy = 'Give each channel secrets of its own, for instance the output of: openssl rand -hex 32'
      faults.push({ variable: 'CHANNELS', fault, remedy })
    }
  }
  return faults
}

// The key of the account goes there.
function channelCallsAreEncrypted({ env, channels }: Draft): readonly ConfigFault[] {
  if (env !== 'online') return []
  return (channels ?? []).flatMap((channel) => {
    const url = channel.type === 'stripe' ? URL.parse(channel.apiUrl) : null
    if (url === null || url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) return []
    const fault = `the channel ${quoted(channel.instance)} calls ${quoted(url.origin)}, which is not encrypted (http)`
    return [
      {
        variable: 'CHANNELS',
        fault,
        remedy: 'Use https in its apiUrl, or leave it out: then it is the platform itself.',
      },
    ]
  })
}

// A purchase names its app and no instance: with two of them for one, it could be shown to each.
function appleAppsAreApart({ channels }: Draft): readonly ConfigFault[] {
  const owners = new Map<string, string>()
  const faults: ConfigFault[] = []
  for (const channel of channels ?? []) {
    if (channel.type !== 'apple') continue
    for (const environment of channel.environments) {
      const key = `${channel.bundleId} ${environment}`
      const owner = owners.get(key)
      owners.set(key, owner ?? channel.instance)
      if (owner === undefined) continue
      const both = `the channels ${quoted(owner)} and ${quoted(channel.instance)}`
      const fault = `${both} both take purchases of ${quoted(channel.bundleId)} in ${environment}`
      const remedy = 'Keep one of them, or give each "environments" of its own.'
      faults.push({ variable: 'CHANNELS', fault, remedy })
    }
  }
  return faults
}

function googleAppsAreApart({ channels }: Draft): readonly ConfigFault[] {
  const owners = new Map<string, string>()
  const faults: ConfigFault[] = []
  for (const channel of channels ?? []) {
    if (channel.type !== 'google') continue
    const owner = owners.get(channel.packageName)
    owners.set(channel.packageName, owner ?? channel.instance)
    if (owner === undefined) continue
    const both = `the channels ${quoted(owner)} and ${quoted(channel.instance)}`
    const fault = `${both} both take purchases of ${quoted(channel.packageName)}`
    faults.push({ variable: 'CHANNELS', fault, remedy: 'Keep one of them: an app on Google Play has one channel.' })
  }
  return faults
}

function corsOriginsAreListed({ env, cors }: Draft): readonly ConfigFault[] {
  if (env !== 'online' || cors === null || (!cors.anyOrigin && cors.originsAnyPort.length === 0)) return []
  const remedy = 'List each origin in full, like https://shop.example.com, or leave CORS_ORIGINS out.'
  return [{ variable: 'CORS_ORIGINS', fault: 'has "*" in it, which lets pages of others call the API', remedy }]
}

function sandboxStaysLocal({ env, channels }: Draft): readonly ConfigFault[] {
  if (env !== 'online') return []
  return (channels ?? [])
    .filter((channel) => channel.type === 'sandbox')
    .map(({ instance }) => ({
      variable: 'CHANNELS',
      fault: `the channel ${quoted(instance)} is of type sandbox, which grants without money`,
      remedy: `Take ${quoted(instance)} out of CHANNELS, or run with ENV=local.`,
    }))
}

function sqliteHasOneWorker({ database, workers }: Draft): readonly ConfigFault[] {
  if (database?.kind !== 'sqlite' || workers === null || workers <= 1) return []
  const remedy = 'Set WORKERS=1, or DATABASE_URL to MySQL or MariaDB: mysql://user:password@host:3306/name.'
  return [{ variable: 'WORKERS', fault: `is ${workers}, and SQLite is written by one process only`, remedy }]
}

function mysqlHasRedis({ env, database, keyValue }: Draft): readonly ConfigFault[] {
  if (env !== 'online' || database?.kind !== 'mysql' || keyValue?.kind !== 'sqlite') return []
  const fault = 'is not set, and with MySQL or MariaDB the sessions are kept in Redis'
  const remedy = 'Set REDIS_URL (redis://host:6379/0) or REDIS_CONF.'
  return [{ variable: 'REDIS_URL', fault, remedy }]
}

function metricsPortIsItsOwn({ port, metrics }: Draft): readonly ConfigFault[] {
  if (port === null || port === 0 || metrics?.mode !== 'guarded' || metrics.port !== port) return []
  const remedy = 'Choose another METRICS_PORT, or use METRICS_TOKEN alone.'
  return [{ variable: 'METRICS_PORT', fault: 'is the same as PORT', remedy }]
}
