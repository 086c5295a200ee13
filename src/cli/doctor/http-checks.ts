import type { RateLimitConfig } from '../../config/config.ts'
import { isLoopback } from '../../config/network.ts'
import { strongSecretRemedy, weaknessOf } from '../../config/secrets.ts'
import { type Check, type Finding, failed, passed, unless } from './check.ts'

export const HTTPS: Check = {
  name: 'https',
  variables: ['PUBLIC_URL'],
  examine: ({ known: { http } }) => {
    const remedy = 'Set PUBLIC_URL to the https address of the proxy in front, like https://pay.example.com.'
    if (http.publicUrl == null) return [failed('PUBLIC_URL is not set', remedy)]
    if (!http.publicUrl.startsWith('https://')) return [failed(`${http.publicUrl} is not encrypted`, remedy)]
    return passed(`players and platforms use ${http.publicUrl}`)
  },
}

export const PROXIES: Check = {
  name: 'proxies',
  variables: ['TRUSTED_PROXIES'],
  examine: ({ known: { http } }) => {
    const proxies = http.trustedProxies ?? []
    if (proxies.length > 0) return passed(`X-Forwarded-For is believed from ${proxies.join(', ')} only`)
    const said = 'TRUSTED_PROXIES is not set: every caller seems to be the proxy that encrypts'
    return [failed(said, 'Set TRUSTED_PROXIES to the address or network of your own proxy, like 10.0.0.5.')]
  },
}

export const CORS: Check = {
  name: 'cors',
  variables: ['CORS_ORIGINS'],
  examine: ({ known: { http } }) => {
    const { anyOrigin = false, origins = [], originsAnyPort = [] } = http.cors ?? {}
    const remedy = 'List each origin in full, like https://shop.example.com, or leave CORS_ORIGINS out.'
    const faults: Finding[] = []
    if (anyOrigin || originsAnyPort.length > 0) {
      faults.push(failed('CORS_ORIGINS has "*" in it, which lets pages of others call the API', remedy))
    }
    for (const origin of origins) {
      const { protocol, hostname } = new URL(origin)
      if (protocol === 'https:' && !isLoopback(hostname)) continue
      const said = `CORS_ORIGINS lists ${origin}, which anybody on the way, or on a player's machine, can pose as`
      faults.push(failed(said, remedy))
    }
    const list = origins.length === 0 ? 'no page of another origin may call the API' : `listed: ${origins.join(', ')}`
    return unless(faults, { said: list })
  },
}

/** Whether the limits hold back who guesses secrets or floods the service. */
export function examineRateLimits(limits: RateLimitConfig): readonly Finding[] {
  const { perMinute, loginPerMinute, playerPerMinute, appPerMinute } = limits
  const faults: Finding[] = []
  if (perMinute === 0) {
    const said = 'RATE_LIMIT_PER_MINUTE is 0: one caller can take all that the server has'
    faults.push(failed(said, 'Set RATE_LIMIT_PER_MINUTE to more than a busy player needs, like 600.'))
  }
  if (loginPerMinute === 0) {
    const said = 'RATE_LIMIT_LOGIN_PER_MINUTE is 0: codes and secrets can be guessed at full speed'
    faults.push(failed(said, 'Set RATE_LIMIT_LOGIN_PER_MINUTE to a few dozen, like 30.'))
  }
  const notes: string[] = []
  if (playerPerMinute === 0) {
    notes.push('RATE_LIMIT_PLAYER_PER_MINUTE is 0: one player may call as often as its many addresses allow')
  }
  if (appPerMinute > 0) {
    notes.push('RATE_LIMIT_APP_PER_MINUTE is on: a flood from many addresses shuts out the players of that app')
  }
  return unless(faults, { said: `${perMinute} requests and ${loginPerMinute} logins a minute from one caller`, notes })
}

export const RATE_LIMITS: Check = {
  name: 'rate-limits',
  variables: [
    ...['RATE_LIMIT_PER_MINUTE', 'RATE_LIMIT_LOGIN_PER_MINUTE', 'RATE_LIMIT_PLAYER_PER_MINUTE'],
    ...['RATE_LIMIT_APP_PER_MINUTE', 'RATE_LIMIT_ROUTES'],
  ],
  examine: ({ known }) => (known.http.rateLimit ? examineRateLimits(known.http.rateLimit) : []),
}

// What is quieter leaves out the line of each request.
const LOUD_ENOUGH = new Set(['trace', 'debug', 'info'])

export const REQUEST_LOG: Check = {
  name: 'request-log',
  variables: ['LOG_REQUESTS', 'LOG_LEVEL', 'LOG_FILE'],
  examine: ({ known: { logging } }) => {
    if (logging === undefined) return []
    const faults: Finding[] = []
    if (!logging.requests)
      faults.push(failed('LOG_REQUESTS is off: nobody can tell who asked what', 'Set LOG_REQUESTS=1.'))
    if (!LOUD_ENOUGH.has(logging.level)) {
      const said = `LOG_LEVEL is ${logging.level}, which leaves out the line of each request`
      faults.push(failed(said, 'Set LOG_LEVEL=info.'))
    }
    if (logging.file === null) {
      const said = 'LOG_FILE is off: what the console forgets is gone'
      faults.push(
        failed(said, 'Set LOG_FILE to a file in a folder that the server may write, like logs/payment-api.log.'),
      )
    }
    return unless(faults, { said: `each request leaves a line in ${logging.file}` })
  },
}

export const METRICS: Check = {
  name: 'metrics-and-alerts',
  variables: ['METRICS_TOKEN', 'METRICS_PORT'],
  examine: ({ known: { metrics } }) => {
    if (metrics === undefined) return []
    if (metrics.mode !== 'guarded') {
      const said = 'nothing can read /metrics, so no alert can ring'
      const remedy =
        'Set METRICS_TOKEN (openssl rand -hex 32) or METRICS_PORT, and load deploy/alerts.yml into Prometheus.'
      return [failed(said, remedy)]
    }
    const { token, port } = metrics
    const weakness = token === null ? null : weaknessOf(token)
    if (weakness !== null) return [failed(`METRICS_TOKEN ${weakness}`, strongSecretRemedy('METRICS_TOKEN'))]
    const notes = port === null ? [] : [`whoever reaches port ${port} reads the metrics: keep it closed to others`]
    return passed('/metrics can be read, and deploy/alerts.yml evaluated on it', notes)
  },
}
