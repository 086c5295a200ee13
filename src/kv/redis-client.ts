import { randomInt } from 'node:crypto'
import { Cluster, type ClusterOptions, Redis, type RedisOptions } from 'ioredis'
import { unreachable } from '../kernel/invariant.ts'
import type { RedisConfig, RedisTls } from './redis-config.ts'
import { assertServerFits, openErrorOf } from './redis-refusal.ts'

export type RedisClient = Redis | Cluster

/** A start may find a Redis that is just starting too; a person who waits longer than this thinks that it hangs. */
const OPEN_TIMEOUT_MS = 5_000

/** Bounds the commands of the handshake on a hung server. Calls have a shorter bound of their own (`redis.ts`). */
const HANDSHAKE_TIMEOUT_MS = 500

/**
 * A connection that owes an answer for this long is dropped. Without it a half-open one (a lost route, a frozen
 * host) would fail every call until TCP gives up after a quarter of an hour.
 */
const SILENCE_MAX_MS = 1_000

const CONNECT_TIMEOUT_MS = 1_000
const RECONNECT_FIRST_MS = 50
/** Low, so that service is back about a second after Redis is. */
const RECONNECT_MAX_MS = 1_000

/** Doubles up to a second, with a tenth of jitter so that a hundred workers do not knock at once. It never gives up. */
function reconnectDelayMs(attempt: number): number {
  const delay = Math.min(RECONNECT_FIRST_MS * 2 ** Math.min(attempt - 1, 10), RECONNECT_MAX_MS)
  return delay + randomInt(delay / 10)
}

/**
 * A command is sent at most once: neither queued while Redis is gone nor sent again after a lost connection, since
 * an increment would count twice and a compare-and-set that won would be told that it lost.
 */
const AT_MOST_ONCE = {
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
} as const satisfies RedisOptions

function connectionOptions(config: RedisConfig) {
  return {
    autoResendUnfulfilledCommands: AT_MOST_ONCE.autoResendUnfulfilledCommands,
    maxRetriesPerRequest: AT_MOST_ONCE.maxRetriesPerRequest,
    enableAutoPipelining: false, // measured slower
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: HANDSHAKE_TIMEOUT_MS,
    socketTimeout: SILENCE_MAX_MS,
    connectionName: 'payment-api',
    disableClientInfo: true,
    // After a failover the old master answers as a replica: look for the new one.
    reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
    ...(config.username === undefined ? {} : { username: config.username }),
    ...(config.password === undefined ? {} : { password: config.password }),
    ...(config.tls === undefined ? {} : { tls: tlsOptions(config.tls) }),
  } satisfies RedisOptions
}

function tlsOptions(tls: RedisTls) {
  return {
    rejectUnauthorized: tls.rejectUnauthorized ?? true,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
  }
}

function createClient(config: RedisConfig): RedisClient {
  const options = connectionOptions(config)
  switch (config.mode) {
    case 'single':
      return new Redis({
        ...options,
        ...AT_MOST_ONCE,
        host: config.host,
        port: config.port,
        db: config.db,
        retryStrategy: reconnectDelayMs,
      })
    case 'sentinel':
      return new Redis({
        ...options,
        ...AT_MOST_ONCE,
        sentinels: config.sentinels.map(({ host, port }) => ({ host, port })),
        name: config.name,
        db: config.db,
        retryStrategy: reconnectDelayMs,
        sentinelRetryStrategy: reconnectDelayMs,
        sentinelCommandTimeout: HANDSHAKE_TIMEOUT_MS,
        ...(config.sentinelUsername === undefined ? {} : { sentinelUsername: config.sentinelUsername }),
        ...(config.sentinelPassword === undefined ? {} : { sentinelPassword: config.sentinelPassword }),
        // Encryption is one decision: the sentinels are asked over TLS as well.
        ...(config.tls === undefined ? {} : { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(config.tls) }),
      })
    case 'cluster':
      return new Cluster(
        config.nodes.map(({ host, port }) => ({ host, port })),
        clusterOptions(config, options),
      )
    default:
      return unreachable(config, 'Redis mode')
  }
}

function clusterOptions(config: RedisConfig, redisOptions: ReturnType<typeof connectionOptions>) {
  return {
    redisOptions,
    lazyConnect: true,
    enableOfflineQueue: false,
    clusterRetryStrategy: reconnectDelayMs,
    slotsRefreshTimeout: CONNECT_TIMEOUT_MS,
    // Zero means: do not send again by yourself. A lost connection may have carried out the command already.
    retryDelayOnFailover: 0,
    retryDelayOnClusterDown: 0,
    maxRedirections: 4,
    // Over TLS a node must be called by the name in its certificate, not by the address behind it.
    ...(config.tls === undefined ? {} : { dnsLookup: withoutLookup }),
  } satisfies ClusterOptions
}

function withoutLookup(name: string, done: (error: null, address: string) => void): void {
  done(null, name)
}

/** A connected client of a server that fits, or a `KeyValueOpenError` that says what to do. */
export async function openRedisClient(config: RedisConfig): Promise<RedisClient> {
  const client = createClient(config)
  // From now on every outage is seen by the calls that fail; the event alone would end the process.
  client.on('error', () => {})
  try {
    await connected(client)
    for (const info of await serverInfos(client)) assertServerFits(config, info)
    return client
  } catch (error) {
    client.disconnect()
    throw openErrorOf(config, error)
  }
}

/**
 * The first error decides, also the one after which the client would carry on in silence: with a database number
 * that does not exist it would serve database 0.
 */
async function connected(client: RedisClient): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(() => reject(new Error(`not ready within ${OPEN_TIMEOUT_MS} ms`)), OPEN_TIMEOUT_MS)
  client.once('error', reject)
  client.connect().then(resolve, (error) => setImmediate(() => reject(error)))
  try {
    await promise
  } finally {
    clearTimeout(timer)
    client.off('error', reject)
  }
}

/** Asks every master of a cluster, which opens its connection too: the first calls find them ready. */
async function serverInfos(client: RedisClient): Promise<string[]> {
  if (!(client instanceof Cluster)) return [await client.info('server')]
  return await Promise.all(client.nodes('master').map((node) => node.info('server')))
}
