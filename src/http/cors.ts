import type { FastifyCorsOptions } from '@fastify/cors'

/** The browser origins that may call the API. */
export interface CorsSettings {
  readonly anyOrigin: boolean
  readonly origins: readonly string[]
  /** `http://localhost` stands for that scheme and host with any port or none. */
  readonly originsAnyPort: readonly string[]
}

// Browsers may remember a preflight for ten minutes: one round trip less for every call of a web shop.
const PREFLIGHT_MAX_AGE_SECONDS = 600

/** Tokens travel in a header, never in a cookie, so no origin is ever given credentials. */
export function corsOptions(settings: CorsSettings): FastifyCorsOptions {
  const listed = new Set(settings.origins)
  return {
    origin: (origin, callback) => {
      if (origin === undefined || settings.anyOrigin) return callback(null, true)
      const withoutPort = origin.replace(/:[0-9]{1,5}$/, '')
      callback(null, listed.has(origin) || settings.originsAnyPort.includes(withoutPort))
    },
    methods: ['GET', 'POST', 'PATCH'],
    allowedHeaders: [
      'Authorization',
      'Content-Type',
      'Accept-Language',
      'Idempotency-Key',
      'X-Request-Id',
      'X-Device-Id',
    ],
    exposedHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit-Limit', 'RateLimit-Remaining', 'RateLimit-Reset'],
    maxAge: PREFLIGHT_MAX_AGE_SECONDS,
    strictPreflight: false,
  }
}
