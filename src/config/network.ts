import { isIP } from 'node:net'
import type { CorsConfig, RateLimitConfig } from './config.ts'
import { type ConfigFault, combine, faulty, quoted, type Reading, read } from './faults.ts'
import { parseStrictJson, shapeFaults } from './json-value.ts'
import { VARIABLES } from './schema.ts'
import { readRequired, type Texts } from './settings.ts'

// Bounds what every request is compared with.
const LIST_LENGTH_MAX = 100

function listOf(text: string | null): string[] {
  const entries = (text ?? '').split(',').map((entry) => entry.trim())
  return [...new Set(entries.filter((entry) => entry !== ''))]
}

function tooLong(variable: string): { ok: false; faults: readonly ConfigFault[] } {
  const fault = `has more than ${LIST_LENGTH_MAX} entries`
  return faulty({ variable, fault, remedy: `List at most ${LIST_LENGTH_MAX}.` })
}

export function readHost(texts: Texts): Reading<string> {
  const reading = readRequired(texts, 'HOST')
  if (!reading.ok) return reading
  const host = reading.value.replace(/^\[(.*)\]$/, '$1')
  const isName = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(host) && !/^[0-9.]+$/.test(host)
  if (isIP(host) !== 0 || isName) return read(host)
  return faulty({
    variable: 'HOST',
    fault: `${quoted(host)} is no address`,
    remedy: 'Set HOST to an address without port or scheme, like 127.0.0.1 or 0.0.0.0.',
  })
}

/** True when nobody outside this machine can reach the address. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

export function readTrustedProxies(texts: Texts): Reading<readonly string[]> {
  const entries = listOf(texts.TRUSTED_PROXIES)
  if (entries.length > LIST_LENGTH_MAX) return tooLong('TRUSTED_PROXIES')
  const faults = entries.flatMap((entry) => {
    const said = proxyFault(entry)
    if (said === null) return []
    const remedy = 'List the addresses of your own proxies only, like 10.0.0.5 or 10.0.0.0/8 or fd00::/8.'
    return [{ variable: 'TRUSTED_PROXIES', fault: `${quoted(entry)} ${said}`, remedy }]
  })
  return faults.length > 0 ? faulty(...faults) : read(entries)
}

function proxyFault(entry: string): string | null {
  const [, address = '', bits] = /^([^/%]+)(?:\/([0-9]{1,3}))?$/.exec(entry) ?? []
  const family = isIP(address)
  if (family === 0) return 'is no address or network'
  if (bits === undefined) return null
  if (Number(bits) > (family === 4 ? 32 : 128)) return 'has too many bits after the slash'
  return Number(bits) === 0 ? 'would trust everybody, so that any caller could claim any address' : null
}

export function readRateLimit(texts: Texts): Reading<RateLimitConfig> {
  return combine({
    perMinute: readRequired(texts, 'RATE_LIMIT_PER_MINUTE'),
    loginPerMinute: readRequired(texts, 'RATE_LIMIT_LOGIN_PER_MINUTE'),
    playerPerMinute: readRequired(texts, 'RATE_LIMIT_PLAYER_PER_MINUTE'),
    appPerMinute: readRequired(texts, 'RATE_LIMIT_APP_PER_MINUTE'),
    routes: readLimitedRoutes(texts),
  })
}

/** Which calls there are is known once the server is put together; it looks again. */
function readLimitedRoutes(texts: Texts): Reading<Readonly<Record<string, number>>> {
  const remedy = 'Set RATE_LIMIT_ROUTES to calls a minute by method and path, like {"POST /api/v1/login/code": 10}.'
  const json = parseStrictJson(texts.RATE_LIMIT_ROUTES ?? '{}')
  const faults = json.ok ? shapeFaults(VARIABLES.RATE_LIMIT_ROUTES.value, json.value) : [json.fault]
  if (!json.ok || faults.length > 0) {
    return faulty(...faults.map((fault) => ({ variable: 'RATE_LIMIT_ROUTES', fault, remedy })))
  }
  return read(json.value as Record<string, number>)
}

export function readCors(texts: Texts): Reading<CorsConfig> {
  const entries = listOf(texts.CORS_ORIGINS)
  if (entries.length > LIST_LENGTH_MAX) return tooLong('CORS_ORIGINS')
  const [origins, originsAnyPort, faults]: [string[], string[], ConfigFault[]] = [[], [], []]
  for (const entry of entries) {
    if (entry === '*') continue
    const anyPort = entry.endsWith(':*')
    const origin = originOf(anyPort ? entry.slice(0, -2) : entry)
    if (origin === null) {
      const remedy =
        'List origins as a browser sends them: https://shop.example.com, with no path and no slash at the end.'
      faults.push({ variable: 'CORS_ORIGINS', fault: `${quoted(entry)} is no origin`, remedy })
    } else if (anyPort) originsAnyPort.push(origin)
    else origins.push(origin)
  }
  return faults.length > 0 ? faulty(...faults) : read({ anyOrigin: entries.includes('*'), origins, originsAnyPort })
}

/** The origin in a browser's own spelling (lower case, no default port), or null. */
function originOf(text: string): string | null {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null
  const bare =
    url.pathname === '/' && url.search === '' && url.hash === '' && url.username === '' && url.password === ''
  const written = !text.endsWith('/') && !/[*?#]/.test(text)
  return bare && written ? url.origin : null
}
