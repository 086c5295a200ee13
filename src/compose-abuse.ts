import type { Logger } from 'pino'
import type { Config } from './config/config.ts'
import type { Database } from './db/database.ts'
import {
  anomalyWords,
  openAnomalyCounter,
  openSecurityTrail,
  type SecurityTrail,
  type TrailDeps,
} from './features/security/index.ts'
import type { Metrics } from './http/metrics.ts'
import { openRateLimiter, type RateLimiter } from './http/rate-limit.ts'
import { limitsOfRoutes } from './http/rate-limit-routes.ts'
import type { RouteEntry } from './http/route.ts'
import type { Clock } from './kernel/clock.ts'
import type { KeyValueStore } from './kv/kv.ts'

/** Several processes keep the limits together. One alone on a file knows all of its calls by itself. */
export function openLimiter(
  { clock, kv, logger }: { clock: Clock; kv: KeyValueStore; logger: Logger },
  { config, routes }: { config: Config; routes: readonly RouteEntry[] },
): RateLimiter | null {
  const { workers, keyValue } = config
  const report = (failure: Error | null): void => {
    if (failure === null) logger.info('the limits of calls are kept by all processes together again')
    else logger.warn({ err: failure }, 'the limits of calls are kept by each process alone, by its share of the minute')
  }
  const isShared = keyValue.kind === 'redis' || workers > 1
  const limits = { ...config.http.rateLimit, routes: limitsOfRoutes(config.http.rateLimit.routes, routes), workers }
  return openRateLimiter({ clock, sharing: isShared ? { kv, report } : null }, limits)
}

/** The trail may lose events; it never does so in silence. What looks like abuse in it is counted and told. */
export function openTrail(deps: {
  database: Database
  clock: Clock
  kv: KeyValueStore
  logger: Logger
  metrics: Metrics
}): SecurityTrail {
  const { database, clock, kv, logger, metrics } = deps
  const watch = openAnomalyCounter({
    kv,
    report: (anomaly) => {
      metrics.countAnomaly(anomaly.kind)
      logger.warn(anomalyWords(anomaly), `this looks like abuse of logins: ${anomaly.kind}`)
    },
    failed: (error) => logger.error({ err: error }, 'security events could not be counted'),
  })
  const observer = { count: metrics.countSecurityEvent, countLost: metrics.countLostSecurityEvents, watch }
  const report: TrailDeps['report'] = ({ error, lost }) => logger.warn({ err: error }, `security events lost: ${lost}`)
  return openSecurityTrail({ database, clock, report, observer })
}
