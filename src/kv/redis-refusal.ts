import { unreachable } from '../kernel/invariant.ts'
import { KeyValueOpenError } from './open-error.ts'
import type { RedisAddress, RedisConfig } from './redis-config.ts'

/** `SET ... PXAT`, `GETDEL` and repaired ACLs came with 6.2; it is what we test against and promise. */
const VERSION_MIN = { major: 6, minor: 2 }

/** Where a configuration points to, for people. Never holds a password. */
export function describeRedis(config: RedisConfig): string {
  switch (config.mode) {
    case 'single':
      return `Redis at ${addressText(config)}`
    case 'sentinel':
      return `Redis master "${config.name}" behind the sentinels ${config.sentinels.map(addressText).join(', ')}`
    case 'cluster':
      return `Redis Cluster at ${config.nodes.map(addressText).join(', ')}`
    default:
      return unreachable(config, 'Redis mode')
  }
}

function addressText({ host, port }: RedisAddress): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Refuses a server that is too old, or of another kind than configured, by what `INFO server` says. */
export function assertServerFits(config: RedisConfig, info: string): void {
  const version = /^redis_version:(\d+)\.(\d+)/m.exec(info)
  if (!version) throw new KeyValueOpenError(`${describeRedis(config)} does not tell its version: is it a Redis?`)
  const [major, minor] = [Number(version[1]), Number(version[2])]
  if (major < VERSION_MIN.major || (major === VERSION_MIN.major && minor < VERSION_MIN.minor)) {
    throw new KeyValueOpenError(
      `Redis ${major}.${minor} is too old: ${VERSION_MIN.major}.${VERSION_MIN.minor} or newer is needed (${describeRedis(config)})`,
    )
  }
  if (config.mode !== 'cluster' && /^redis_mode:cluster/m.test(info)) {
    throw new KeyValueOpenError(`${describeRedis(config)} is a node of a cluster: configure it as a cluster`)
  }
}

interface Refusal {
  readonly sign: RegExp
  readonly says: (config: RedisConfig) => string
}

/**
 * What went wrong, by error code or by the first word of Redis's reply (both are stable), with its remedy.
 * The first that fits is told.
 */
const REFUSALS: readonly Refusal[] = [
  {
    sign: /not ready within|Command timed out/,
    says: () => 'does not get ready: it is loading its data, hangs, or is a cluster that misses slots',
  },
  {
    sign: /WRONGPASS|invalid password|invalid username/i,
    says: () => 'refused the password: correct the user name and password in REDIS_URL or REDIS_CONF',
  },
  { sign: /NOAUTH/, says: () => 'wants a password: add it to REDIS_URL or REDIS_CONF' },
  {
    sign: /NOPERM/,
    says: () => 'does not let this user in far enough: allow it +info, +eval, +evalsha, +@read, +@write',
  },
  {
    sign: /DB index is out of range|invalid DB index/i,
    says: (config) =>
      `has no database ${config.mode === 'cluster' ? 0 : config.db}: choose a lower number, or raise "databases" in redis.conf`,
  },
  { sign: /cluster support disabled/i, says: () => 'is not a cluster: configure it as a single server' },
  { sign: /DENIED/, says: () => 'runs in protected mode: give it a password, or bind it to this machine' },
  { sign: /LOADING/, says: () => 'is still loading its data: start again in a moment' },
  { sign: /ENOTFOUND|EAI_AGAIN/, says: () => "can't be found: correct the host name, or the name server" },
  { sign: /ECONNREFUSED/, says: () => 'is not listening: start Redis, or correct the host and port' },
  {
    sign: /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/,
    says: ({ tls }) =>
      `can't be reached: check the address, the network and the firewall${tls ? ', and that this port speaks TLS' : ''}`,
  },
  {
    sign: /CERT|SELF_SIGNED|ERR_TLS|ERR_SSL|EPROTO|UNABLE_TO/,
    says: () => 'does not agree on TLS: check that this port speaks TLS, its certificate and our "ca"',
  },
  {
    sign: /No such master|All sentinels are unreachable[^:]*\.$/,
    says: () => 'is not known to them: correct the name of the master, and check that the sentinels run',
  },
  {
    sign: /All sentinels are unreachable/,
    says: () => 'is hidden: no sentinel answers; check their addresses and password',
  },
  {
    sign: /Connection is closed|ECONNRESET|EPIPE|None of startup nodes|slots cache/,
    says: () => 'closes the connection or is not there: check host and port, and whether it wants TLS',
  },
]

/** The error that the person who starts the service reads. */
export function openErrorOf(config: RedisConfig, cause: unknown): KeyValueOpenError {
  if (cause instanceof KeyValueOpenError) return cause
  const text = signsOf(cause)
  const refusal = REFUSALS.find(({ sign }) => sign.test(text))
  const says = refusal ? refusal.says(config) : "can't be used"
  return new KeyValueOpenError(`${describeRedis(config)} ${says} (${text})`, { cause })
}

/** Code and message of an error and of what lies under it: a cluster hides the reason one level down. */
function signsOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code =
    'code' in error && typeof error.code === 'string' && !error.message.includes(error.code) ? error.code : ''
  const below = 'lastNodeError' in error && error.lastNodeError instanceof Error ? error.lastNodeError.message : ''
  return [code, error.message, below].filter((part) => part !== '').join(': ')
}
