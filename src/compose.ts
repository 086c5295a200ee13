import { randomBytes } from 'node:crypto'
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { openDirectChannel, verifySigner } from './channels/signed/index.ts'
import type { Config } from './config/config.ts'
import type { Database } from './db/database.ts'
import { SchemaMismatch } from './db/errors.ts'
import { openDatabase } from './db/open-database.ts'
import { accountRoutes } from './features/account/routes.ts'
import { openApps } from './features/apps/index.ts'
import { inboxRoutes } from './features/inbox/routes.ts'
import { orderRoutes } from './features/orders/routes.ts'
import { openPaymentLane, type SettleDeps } from './features/payments/index.ts'
import { paymentRoutes } from './features/payments/routes.ts'
import { authenticateCaller, openAccessTokens, openSessionStore } from './features/sessions/index.ts'
import { sessionRoutes } from './features/sessions/routes.ts'
import { openCatalogues, seedCatalogue } from './features/store/index.ts'
import { storeRoutes } from './features/store/routes.ts'
import { corsOptions } from './http/cors.ts'
import { gatherDocs, mountDocs } from './http/docs.ts'
import { mountHealth } from './http/health.ts'
import { openLogger } from './http/logger.ts'
import { createMetrics, type Metrics, measureRequests, mountMetrics } from './http/metrics.ts'
import { mountRoutes } from './http/mount.ts'
import { openRateLimiter } from './http/rate-limit.ts'
import { routes } from './http/routes.ts'
import { createServer } from './http/server.ts'
import type { Clock } from './kernel/clock.ts'
import { systemClock } from './kernel/clock.ts'
import type { KeyValueStore } from './kv/kv.ts'
import { openKeyValueStore } from './kv/open.ts'
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
  /** Finishes what is under way, then closes everything in reverse order. */
  close(): Promise<void>
}

/** What tests put in the place of the real thing: only what is not ours. */
export interface Overrides {
  readonly clock?: Clock
}

/**
 * Builds everything in order and hands it on: the one file that knows what there is.
 * @throws StorageUnavailable, SchemaMismatch or KeyValueOpenError in words for the operator.
 */
export async function compose(config: Config, overrides: Overrides = {}): Promise<Service> {
  const clock = overrides.clock ?? systemClock
  const log = await openLogger(config)
  const { logger } = log
  const database = await openDatabase(config.database)
  await prepareSchema(database, config)
  const kv = await openKeyValueStore(keyValueSettings(config, clock))

  const apps = openApps(config.apps)
  for (const app of apps.all) await seedCatalogue(database, app.appId)
  const accessTokens = openAccessTokens({ secret: config.jwtSecret ?? (await keptSecret(kv)), clock })
  const sessions = openSessionStore({ kv, clock })
  const sessionDeps = { apps, accessTokens, sessions }
  const catalogues = openCatalogues({ database, clock })
  const metrics = createMetrics(isWorker() ? shareMetrics : null)
  const settleDeps: SettleDeps = { database, catalogues, clock, count: metrics.countPaymentEvent }
  const signedInstances = config.channels.filter((channel) => channel.type === 'signed')
  const mint = config.env === 'local' ? ('open' as const) : ('closed' as const)

  const server = createServer({
    logger,
    trustedProxies: config.http.trustedProxies,
    logRequests: config.logging.requests,
    strictTransport: config.env === 'online',
  })
  measureRequests(server, metrics)
  await server.register(cors, corsOptions(config.http.cors))
  if (config.http.docs) await gatherDocs(server, { version: VERSION })
  mountHealth(server, [
    { name: 'database', ping: () => database.ping() },
    { name: 'sessions', ping: () => kv.ping() },
  ])
  mountRoutes(server, {
    authenticate: (accessToken) => authenticateCaller(sessionDeps, accessToken),
    verifySigner: (message) => verifySigner(signedInstances, { ...message, nowMs: clock.nowMs() }),
    limiter: openRateLimiter({ clock }, { ...config.http.rateLimit, workers: config.workers }),
    routes: routes({
      sessions: sessionRoutes(sessionDeps),
      account: accountRoutes({ database, sessions, clock, loginTrust: mint === 'open' ? 'bare_ids' : 'proof' }),
      store: storeRoutes({ database, catalogues, clock }),
      orders: orderRoutes({ database }),
      inbox: inboxRoutes({ database, clock }),
      payments: paymentRoutes({
        ...settleDeps,
        lane: openPaymentLane(settleDeps),
        direct: openDirectChannel({ mint }),
        report: ({ error, ...about }) => logger.error({ err: error, ...about }, 'a payment could not be settled'),
      }),
    }),
  })
  if (config.http.docs) await mountDocs(server)
  const metricsServer = serveMetrics({ server, metrics, config, logger })

  return {
    server,
    metricsServer,
    logger,
    database,
    kv,
    close: async () => {
      await metricsServer?.close()
      await server.close()
      await kv.close()
      await database.close()
      await log.close()
    },
  }
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

/** The secret that `local` makes at its first start and keeps beside the sessions that it signs. */
async function keptSecret(kv: KeyValueStore): Promise<string> {
  await kv.setIfAbsent('jwt-secret', randomBytes(32).toString('base64url'), { ttlMs: null })
  const secret = await kv.get('jwt-secret')
  if (secret === null) throw new Error('the store of sessions keeps nothing')
  return secret
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
