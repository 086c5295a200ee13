import type { Static } from 'typebox'
import type { RedisConfig, RedisCredentials, RedisTls } from '../kv/redis-config.ts'
import type { DatabaseConfig, KeyValueConfig } from './config.ts'
import { keyValueFileBeside } from './database-url.ts'
import { type ConfigFault, combine, faulty, type Reading, read } from './faults.ts'
import { parseStrictJson, shapeFaults } from './json-value.ts'
import { REDIS_CONF_SCHEMA, type REDIS_STORE_SCHEMA } from './redis-schema.ts'
import { readRequired, type Texts } from './settings.ts'

type StoreSettings = Static<typeof REDIS_STORE_SCHEMA>
type RedisStores = { readonly sessions: RedisConfig; readonly socialIdentities: RedisConfig }

const REDIS_PORT = 6379

/** Reads where sessions and caches live. Null: nobody named a Redis, so a file beside the database stands in. */
export function readRedis(texts: Texts): Reading<KeyValueConfig | null> {
  const { REDIS_URL: url, REDIS_CONF: conf } = texts
  if (url !== null && conf !== null) {
    const said = 'is set beside REDIS_URL, and both say where Redis is'
    return faulty({ variable: 'REDIS_CONF', fault: said, remedy: 'Set only one of REDIS_URL and REDIS_CONF.' })
  }
  if (url === null && conf === null) return read(null)
  const stores = url !== null ? readRedisUrl(url) : readRedisConf(conf ?? '')
  const both = combine({ stores, prefix: readRequired(texts, 'REDIS_PREFIX') })
  return both.ok ? read({ kind: 'redis', prefix: both.value.prefix, ...both.value.stores }, both.warnings) : both
}

export function keyValueOrFile(redis: KeyValueConfig | null, database: DatabaseConfig): KeyValueConfig {
  return redis ?? { kind: 'sqlite', file: keyValueFileBeside(database) }
}

/** One server for both stores, in one database number: many hosted ones have only that, and the keys are prefixed. */
function readRedisUrl(text: string): Reading<RedisStores> {
  const remedy =
    'Write redis://[user:password@]host:6379/0 (rediss:// for TLS), with special characters of the password percent-encoded.'
  const fault = (said: string) => faulty({ variable: 'REDIS_URL', fault: said, remedy })
  const url = URL.parse(text.trim())
  if (url === null) return fault('is not a valid URL')
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:') return fault('does not begin with redis:// or rediss://')
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (!/^[A-Za-z0-9._:-]+$/.test(host) || url.port === '0') return fault('names no host or no port that can be reached')
  const db = /^\/?([0-9]{0,4})\/?$/.exec(url.pathname)?.[1]
  if (db === undefined) return fault('does not end in a database number')
  if (url.search !== '' || url.hash !== '') return fault('has parameters, which mean nothing here')
  const credentials = decodedCredentials(url)
  if (credentials === null) return fault('has a broken percent-encoding')
  const tls = url.protocol === 'rediss:' ? { tls: {} } : {}
  const port = url.port === '' ? REDIS_PORT : Number(url.port)
  const store: RedisConfig = { mode: 'single', host, port, db: Number(db), ...credentials, ...tls }
  return read({ sessions: store, socialIdentities: store })
}

function decodedCredentials(url: URL): Pick<RedisCredentials, 'username' | 'password'> | null {
  try {
    return credentialsOf(decodeURIComponent(url.username), decodeURIComponent(url.password))
  } catch {
    return null
  }
}

function credentialsOf(username: string | null | undefined, password: string | null | undefined) {
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) }
}

const CONF_EXAMPLE =
  'Write {"forever_new_user": {"host": "127.0.0.1", "port": 6379, "db": 0}, "forever_new_fb": {"host": "127.0.0.1", "port": 6379, "db": 1}}.'

function confFault(fault: string, remedy = CONF_EXAMPLE): ConfigFault {
  return { variable: 'REDIS_CONF', fault, remedy }
}

function readRedisConf(text: string): Reading<RedisStores> {
  const json = parseStrictJson(text)
  if (!json.ok) return faulty(confFault(json.fault))
  const shape = shapeFaults(REDIS_CONF_SCHEMA, json.value)
  if (shape.length > 0) return faulty(...shape.map((said) => confFault(said)))
  const conf = json.value as Static<typeof REDIS_CONF_SCHEMA>
  const sessions = readStore('forever_new_user', { db: 0, ...conf.forever_new_user })
  // Left out, the cache is kept by the same server, in its own database.
  const socialIdentities = readStore('forever_new_fb', conf.forever_new_fb ?? { ...conf.forever_new_user, db: 1 })
  const unused = Object.keys(conf).filter((name) => name !== 'forever_new_user' && name !== 'forever_new_fb')
  const warnings = unused.length > 0 ? [`REDIS_CONF: the stores ${unused.join(', ')} are not used by this server.`] : []
  // One fault would be told twice where the second store was copied from the first.
  if (conf.forever_new_fb === undefined && !sessions.ok) return sessions
  const both = combine({ sessions, socialIdentities })
  return both.ok ? read(both.value, warnings) : both
}

function readStore(name: 'forever_new_user' | 'forever_new_fb', store: StoreSettings): Reading<RedisConfig> {
  const shared: RedisCredentials = { ...credentialsOf(store.username, store.password), ...tlsOf(store.tls) }
  const db = store.db ?? (name === 'forever_new_fb' ? 1 : 0)
  const ways = [store.host !== undefined, store.sentinels !== undefined, store.cluster !== undefined]
  if (ways.filter(Boolean).length !== 1) {
    return faulty(confFault(`${name} needs exactly one of "host", "sentinels" (with "name") and "cluster"`))
  }
  if (store.cluster !== undefined) return read({ mode: 'cluster', nodes: store.cluster, ...shared })
  if (store.host !== undefined) {
    return read({ mode: 'single', host: store.host, port: store.port ?? REDIS_PORT, db, ...shared })
  }
  if (store.sentinels === undefined || store.name === undefined) {
    const remedy = `Add "name" to ${name}: the name under which the sentinels know the master, often "mymaster".`
    return faulty(confFault(`${name} has sentinels and no name`, remedy))
  }
  return read({
    mode: 'sentinel',
    sentinels: store.sentinels,
    name: store.name,
    db,
    ...shared,
    ...(store.sentinelUsername ? { sentinelUsername: store.sentinelUsername } : {}),
    ...(store.sentinelPassword ? { sentinelPassword: store.sentinelPassword } : {}),
  })
}

function tlsOf(tls: StoreSettings['tls']): { tls?: RedisTls } {
  if (tls === undefined || tls === false) return {}
  return { tls: tls === true ? {} : tls }
}
