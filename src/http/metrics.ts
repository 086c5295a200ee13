import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { AggregatorRegistry, Counter, collectDefaultMetrics, Histogram, Registry } from 'prom-client'
import type { AppId } from '../kernel/ids.ts'
import { ANOMALY_KINDS, type AnomalyKind } from '../kernel/security-event.ts'
import { bearerToken } from './auth.ts'
import { sendRefusal } from './mount.ts'
import { outboxMetrics, type ReadOutbox } from './outbox-metrics.ts'
import { type PlatformMetrics, platformMetrics } from './platform-metrics.ts'

/** What the service counts. */
export interface Metrics {
  /** Counts a payment message by what came of it. */
  readonly countPaymentEvent: (event: { kind: string; verdict: string }) => void
  /** Counts what happened around a login or a session, and what of it could not be kept. */
  readonly countSecurityEvent: (event: { kind: string; outcome: string | null }) => void
  readonly countLostSecurityEvents: (lost: number) => void
  /** Counts something that looks like abuse. */
  readonly countAnomaly: (kind: AnomalyKind) => void
  readonly platforms: PlatformMetrics
  /** Counts an event that was sent to a game server. */
  readonly countDelivery: (delivery: { appId: string; outcome: 'taken' | 'failed' }) => void
  /** Shows what waits for the game servers of some apps, read anew for each reader. */
  readonly watchOutbox: (appIds: readonly AppId[], read: ReadOutbox) => void
  /** Seconds, by route and status. */
  readonly requestSeconds: Histogram<'method' | 'route' | 'status'>
  /** All of it in Prometheus' text form: of every worker together, whichever is asked. */
  read(): Promise<string>
}

/** Offers this process's metrics to its siblings, and gives the way to read those of all. */
export type ShareMetrics = (own: () => Promise<unknown>) => () => Promise<readonly unknown[]>

/** `share` is null where this process serves alone. */
export function createMetrics(share: ShareMetrics | null): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const readAll = share?.(() => registry.getMetricsAsJSON())
  const paymentEvents = new Counter({
    name: 'payment_events_total',
    help: 'Payment messages by what came of them',
    labelNames: ['kind', 'verdict'],
    registers: [registry],
  })
  return {
    ...securityCounters(registry),
    platforms: platformMetrics(registry),
    ...outboxMetrics(registry),
    // A replaced worker starts at nought, and the sums fall by what it had: Prometheus reads that as a restart.
    read: async () =>
      await (readAll ? AggregatorRegistry.aggregate([...(await readAll())] as object[]) : registry).metrics(),
    countPaymentEvent: ({ kind, verdict }) => paymentEvents.labels(kind, verdict).inc(),
    requestSeconds: new Histogram({
      name: 'http_request_seconds',
      help: 'Time to answer, by route and status',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5],
      registers: [registry],
    }),
  }
}

function securityCounters(
  registry: Registry,
): Pick<Metrics, 'countSecurityEvent' | 'countLostSecurityEvents' | 'countAnomaly'> {
  const events = new Counter({
    name: 'security_events_total',
    help: 'What happened around logins and sessions, by what it was and what it was refused with',
    labelNames: ['kind', 'outcome'],
    registers: [registry],
  })
  const lost = new Counter({
    name: 'security_events_lost_total',
    help: 'Security events that could not be kept',
    registers: [registry],
  })
  const anomalies = new Counter({
    name: 'identity_anomalies_total',
    help: 'What looks like abuse of logins, once for each subject and window',
    labelNames: ['kind'],
    registers: [registry],
  })
  // From the start: Prometheus sees no increase in a series that begins at one.
  for (const kind of ANOMALY_KINDS) anomalies.labels(kind).inc(0)
  return {
    countSecurityEvent: ({ kind, outcome }) => events.labels(kind, outcome ?? 'ok').inc(),
    countLostSecurityEvents: (count) => lost.inc(count),
    countAnomaly: (kind) => anomalies.labels(kind).inc(),
  }
}

/** Measures every request under its route's pattern, so that ids never become labels. */
export function measureRequests(server: FastifyInstance, { requestSeconds }: Metrics): void {
  server.addHook('onResponse', async (request, reply) => {
    const route = request.routeOptions.url ?? 'unknown'
    requestSeconds.labels(request.method, route, String(reply.statusCode)).observe(reply.elapsedTime / 1000)
  })
}

/** Who may read the metrics: callers on this machine that came through no proxy, or holders of the token. */
export type MetricsGuard =
  | { readonly mode: 'loopback' }
  | { readonly mode: 'token'; readonly token: string }
  | { readonly mode: 'open' }

/** Serves `/metrics` in Prometheus' text form to those whom the guard lets in. */
export function mountMetrics(
  server: FastifyInstance,
  { metrics, guard }: { metrics: Metrics; guard: MetricsGuard },
): void {
  server.get('/metrics', { schema: { hide: true } }, async (request, reply) => {
    if (!mayRead(guard, request)) return sendRefusal({ request, reply }, { code: 'metrics_forbidden' })
    return reply.type(Registry.PROMETHEUS_CONTENT_TYPE).send(await metrics.read())
  })
}

function mayRead(guard: MetricsGuard, request: FastifyRequest): boolean {
  switch (guard.mode) {
    case 'open':
      return true
    case 'token': {
      const given = bearerToken(request.headers.authorization)
      return given !== null && timingSafeEqual(sha256(given), sha256(guard.token))
    }
    case 'loopback': {
      const forwarded =
        request.headers['x-forwarded-for'] ?? request.headers['forwarded'] ?? request.headers['x-real-ip']
      const address = request.socket.remoteAddress ?? ''
      return forwarded === undefined && /^(127\.|::1$|::ffff:127\.)/.test(address)
    }
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
