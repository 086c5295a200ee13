import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Channel } from './channels/channel.ts'
import { openChannels } from './channels/registry.ts'
import { openDirectChannel, verifySigner } from './channels/signed/index.ts'
import { openLimiter, openTrail } from './compose-abuse.ts'
import { reportOpenNotices, startSchedule } from './compose-jobs.ts'
import { openLoginPlatforms, openLogins } from './compose-logins.ts'
import { featureRoutes } from './compose-routes.ts'
import { openSessions } from './compose-sessions.ts'
import type { Config } from './config/config.ts'
import type { Database } from './db/database.ts'
import { SchemaMismatch } from './db/errors.ts'
import { openDatabase } from './db/open-database.ts'
import { openApps } from './features/apps/index.ts'
import {
  type CatchUpDeps,
  type ChannelTaskDeps,
  type MessageDeps,
  openNoticeLane,
  openPaymentLane,
  type SettleDeps,
} from './features/payments/index.ts'
import { messageFaults } from './features/payments/routes.ts'
import { mountDeletionPage } from './features/privacy/deletion-routes.ts'
import type { SecurityTrail } from './features/security/index.ts'
import { authenticateCaller } from './features/sessions/index.ts'
import { openCatalogues, seedCatalogue } from './features/store/index.ts'
import { corsOptions } from './http/cors.ts'
import { gatherDocs, mountDocs } from './http/docs.ts'
import { mountHealth } from './http/health.ts'
import { openLogger } from './http/logger.ts'
import { createMetrics, type Metrics, measureRequests, mountMetrics } from './http/metrics.ts'
import { mountRoutes } from './http/mount.ts'
import { mountPublicKeys } from './http/public-keys.ts'
import type { RateLimiter } from './http/rate-limit.ts'
import { createServer } from './http/server.ts'
import type { Jobs } from './jobs/runner.ts'
import type { Clock } from './kernel/clock.ts'
import { movableClock, systemClock } from './kernel/clock.ts'
import { keptSecret, signingSecret } from './kv/kept-secret.ts'
import type { KeyValueStore } from './kv/kv.ts'
import { openKeyValueStore } from './kv/open.ts'
import { openPlayedPlatform } from './sandbox/platform.ts'
import { mountSandbox } from './sandbox/routes.ts'
import { VERSION } from './version.ts'
import { isWorker, shareMetrics } from './workers.ts'

/** The service, built and ready to listen. */
export interface Service {
  readonly server: FastifyInstance
  /** The metrics on a port of their own, when one is configured. */
  readonly metricsServer: FastifyInstance | null
  readonly logger: Logger
  readonly database: Database
  readonly kv: KeyValueStore
  readonly jobs: Jobs
  readonly trail: SecurityTrail
  /** Null where no limit is on. */
  readonly limiter: RateLimiter | null
  /** Finishes what is under way, then closes everything in reverse order. */
  close(): Promise<void>
}

/** What tests put in the place of the real thing: only what is not ours. */
export interface Overrides {
  readonly clock?: Clock
  /** `by_hand`: background work is done when `jobs.run` says so, and by no schedule of the real time. */
  readonly jobs?: 'by_hand'
  /** Channels of platforms that a test plays. */
  readonly channels?: readonly Channel[]
}

/**
 * Builds everything in order and hands it on: the one file that knows what there is.
 * @throws StorageUnavailable, SchemaMismatch or KeyValueOpenError in words for the operator.
 */
export async function compose(config: Config, overrides: Overrides = {}): Promise<Service> {
  // Several workers would each have a time of their own.
  const movable = config.env === 'local' && config.workers === 1 ? movableClock(overrides.clock ?? systemClock) : null
  const clock = movable ?? overrides.clock ?? systemClock
  const log = await openLogger(config)
  const { logger } = log
  const database = await openDatabase(config.database)
  await prepareSchema(database, config)
  const kv = await openKeyValueStore(keyValueSettings(config, clock))

  const apps = openApps(config.apps)
  for (const app of apps.all) await seedCatalogue({ database, clock }, app.appId)
  const secret = await signingSecret(kv, config.jwtSecret)
  const { keyring, ...sessionParts } = await openSessions({ database, kv, clock, secret, logger }, config)
  const metrics = createMetrics(isWorker() ? shareMetrics : null)
  const trail = openTrail({ database, clock, kv, logger, metrics })
  const identityProviders = await openLoginPlatforms(kv, { config, clock, logger })
  const sessionDeps = { apps, ...sessionParts, record: trail.record }
  const logins = await openLogins({ kv, clock, secret, logger }, config)
  const catalogues = openCatalogues({ database, clock })
  const messageDeps = openMessages({ database, apps, catalogues, clock, count: metrics.countPaymentEvent }, logger)
  const actDeps = { database, clock, ...sessionDeps, report: reportOpenNotices(logger) }
  const signedInstances = config.channels.filter((channel) => channel.type === 'signed')
  const sandbox = await openSandbox(kv, { config, listeningOrigin: () => server.listeningOrigin })
  const channels = openChannels(config.channels, {
    means: { sandbox },
    standIn: config.env === 'local',
    further: overrides.channels ?? [],
  })

  const server = await openServer(config, { logger, metrics })
  mountProbes(server, { database, kv })
  mountPublicKeys(server, () => keyring.publicKeys())
  const routes = featureRoutes({
    ...{ config, clock, server, database, kv, sessionDeps, catalogues, messageDeps, channels },
    ...{ identityProviders, trail, actDeps, logins, mailbox: logins.messengers.mailbox },
    moving: { clock: movable, afterMove: async () => void (await jobs.run('expire-orders')) },
  })
  const limiter = openLimiter({ clock, kv, logger }, { config, routes })
  await mountRoutes(server, {
    authenticate: (accessToken) => authenticateCaller(sessionDeps, accessToken),
    verifySigner: (message) => verifySigner(signedInstances, { ...message, nowMs: clock.nowMs() }),
    ...{ limiter, routes },
  })
  mountDeletionPage(server, { database })
  if (sandbox) await mountSandbox(server, { ...sandbox, clock })
  if (config.http.docs) await mountDocs(server)
  const jobParts = { database, clock, kv, apps, logger, config, channels, metrics, notices: actDeps, messageDeps }
  const jobs = startSchedule(jobParts, { onTime: overrides.jobs !== 'by_hand' })
  const metricsServer = serveMetrics({ server, metrics, config, logger })

  return {
    ...{ server, metricsServer, logger, database, kv, jobs, trail, limiter },
    close: async () => {
      await jobs.close()
      await metricsServer?.close()
      await server.close()
      await logins.messengers.close()
      await keyring.close()
      await trail.close()
      await identityProviders.close()
      await limiter?.sharing?.close()
      await kv.close()
      await database.close()
      await log.close()
    },
  }
}

/** What a command needs to work on payments as the server would: the books and the channels, and nothing that listens. */
export async function composePayments(
  config: Config,
  {
    database,
    report,
    reportFault,
  }: Pick<ChannelTaskDeps, 'database' | 'report'> & Partial<Pick<CatchUpDeps, 'reportFault'>>,
): Promise<{
  deps: CatchUpDeps & ChannelTaskDeps
  messageDeps: MessageDeps
  kv: KeyValueStore
  close: () => Promise<void>
}> {
  const clock = systemClock
  const kv = await openKeyValueStore(keyValueSettings(config, clock))
  const signedInstances = config.channels.filter((channel) => channel.type === 'signed')
  const listeningOrigin = (): string => {
    throw new Error('a command opens no checkout')
  }
  const sandbox = await openSandbox(kv, { config, listeningOrigin })
  const isLocal = config.env === 'local'
  const apps = openApps(config.apps)
  const settleDeps = { database, clock, apps, catalogues: openCatalogues({ database, clock }), count: () => undefined }
  const onFault = reportFault ?? (() => undefined)
  return {
    messageDeps: messagesWith(settleDeps, onFault),
    deps: {
      ...{ ...settleDeps, report, reportFault: onFault, messageFaults },
      channels: openChannels(config.channels, { means: { sandbox }, standIn: isLocal }),
      direct: openDirectChannel({ mint: isLocal ? 'open' : 'closed' }),
      verifySigner: (message) => verifySigner(signedInstances, message),
    },
    kv,
    close: () => kv.close(),
  }
}

function mountProbes(server: FastifyInstance, { database, kv }: { database: Database; kv: KeyValueStore }): void {
  mountHealth(server, [
    { name: 'database', ping: () => database.ping() },
    { name: 'sessions', ping: () => kv.ping() },
  ])
}

/** The server before any route of its own. */
async function openServer(
  config: Config,
  { logger, metrics }: { logger: Logger; metrics: Metrics },
): Promise<FastifyInstance> {
  const server = createServer({
    logger,
    trustedProxies: config.http.trustedProxies,
    logRequests: config.logging.requests,
    strictTransport: config.env === 'online',
  })
  measureRequests(server, metrics)
  await server.register(cors, corsOptions(config.http.cors))
  if (config.http.docs) await gatherDocs(server, { version: VERSION })
  return server
}

function openMessages(settleDeps: SettleDeps, logger: Logger): MessageDeps {
  return messagesWith(settleDeps, ({ error, ...about }) =>
    logger.error({ err: error, ...about }, 'a payment could not be settled'),
  )
}

function messagesWith(settleDeps: SettleDeps, report: MessageDeps['report']): MessageDeps {
  return { ...settleDeps, lane: openPaymentLane(settleDeps), notices: openNoticeLane(settleDeps), report }
}

/** The platform that the sandbox plays: only where a channel of that type is configured. */
async function openSandbox(
  kv: KeyValueStore,
  { config, listeningOrigin }: { config: Config; listeningOrigin: () => string },
) {
  if (!config.channels.some(({ type }) => type === 'sandbox')) return null
  const publicUrl = () => config.http.publicUrl ?? listeningOrigin()
  const platform = openPlayedPlatform({ kv, publicUrl })
  return { platform, platformOf: platform.forInstance, secret: await keptSecret(kv, 'sandbox-secret') }
}

async function prepareSchema(database: Database, config: Config): Promise<void> {
  if (config.migrateAtStart) {
    await database.migrate()
    return
  }
  const pending = await database.pendingMigrations()
  if (pending.length > 0) {
    throw new SchemaMismatch(`the database lacks ${pending.length} schema steps: run \`npm run migrate\` first`)
  }
}

function keyValueSettings({ keyValue }: Config, clock: Clock) {
  return keyValue.kind === 'sqlite'
    ? { ...keyValue, clock }
    : ({ kind: 'redis', prefix: keyValue.prefix, config: keyValue.sessions } as const)
}

function serveMetrics(input: {
  server: FastifyInstance
  metrics: Metrics
  config: Config
  logger: Logger
}): FastifyInstance | null {
  const { server, metrics, config, logger } = input
  const { metrics: choice } = config
  if (choice.mode === 'loopback') mountMetrics(server, { metrics, guard: { mode: 'loopback' } })
  if (choice.mode !== 'guarded') return null
  if (choice.token !== null) mountMetrics(server, { metrics, guard: { mode: 'token', token: choice.token } })
  if (choice.port === null) return null
  const own = createServer({ logger, trustedProxies: [], logRequests: false, strictTransport: false })
  mountMetrics(own, { metrics, guard: { mode: 'open' } })
  return own
}
