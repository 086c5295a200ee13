import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ConfigFault, describeFaults, loadConfig } from './load.ts'

const SECRET = '9f2c71d0ab84e6535cc0f1e87a6db3249f'
const OTHER_SECRET = 'kT7vQ2mZx9LwB4nR8sYc1HfJ6pD3gA5uEa'
const APP = { appId: 'com.example.game', appSecret: SECRET }
const ONLINE = { ENV: 'online', JWT_SECRET: OTHER_SECRET, APPS: JSON.stringify([APP]) }
const MYSQL = 'mysql://payer:pw@db.example.com/payments'

type Variables = Record<string, string | undefined>

function faultsFor(variables: Variables): readonly ConfigFault[] {
  const loaded = loadConfig(variables)
  return loaded.ok ? [] : loaded.faults
}

function configFor(variables: Variables) {
  const loaded = loadConfig(variables)
  assert.ok(loaded.ok, loaded.ok ? '' : describeFaults(loaded.faults))
  return loaded
}

const apps = (...list: object[]) => ({ APPS: JSON.stringify(list) })
const channels = (byName: object) => ({ CHANNELS: JSON.stringify(byName) })

/** What is set, the variable that is blamed, and what its fault and remedy say. */
const REFUSED: readonly (readonly [string, Variables, string, RegExp, RegExp])[] = [
  ['an unknown ENV', { ENV: 'prod' }, 'ENV', /"prod"/, /local, online/],
  ['a port that is no number', { PORT: '80a' }, 'PORT', /"80a"/, /0 to 65535/],
  ['a port out of range', { PORT: '65536' }, 'PORT', /65536/, /0 to 65535/],
  ['a host with a scheme', { HOST: 'http://x' }, 'HOST', /no address/, /127\.0\.0\.1/],
  ['a half address', { HOST: '127.0.0' }, 'HOST', /no address/, /127\.0\.0\.1/],
  ['a public local', { HOST: '0.0.0.0' }, 'HOST', /open mint/, /LOCAL_ALLOW_PUBLIC=1/],
  ['a public local on IPv6', { HOST: '::' }, 'HOST', /open mint/, /LOCAL_ALLOW_PUBLIC=1/],
  ['a switch that is neither', { DOCS: 'maybe' }, 'DOCS', /"maybe"/, /1 or 0/],
  ['an unknown log level', { LOG_LEVEL: 'loud' }, 'LOG_LEVEL', /"loud"/, /trace, debug, info/],
  ['no worker', { WORKERS: '0' }, 'WORKERS', /"0"/, /1 to 64/],
  ['two workers on SQLite', { WORKERS: '2' }, 'WORKERS', /SQLite/, /WORKERS=1/],
  ['a grace that is negative', { SHUTDOWN_GRACE_MS: '-1' }, 'SHUTDOWN_GRACE_MS', /-1/, /0 to 600000/],
  ['a prefix with spaces', { REDIS_URL: 'redis://h', REDIS_PREFIX: 'a b' }, 'REDIS_PREFIX', /a b/, /letters, digits/],
  ['an unknown database', { DATABASE_URL: 'postgres://u@h/d' }, 'DATABASE_URL', /"postgres"/, /sqlite:.*mysql:/],
  ['two places for Redis', { REDIS_URL: 'redis://h', REDIS_CONF: '{}' }, 'REDIS_CONF', /beside REDIS_URL/, /only one/],
  ['metrics on the API port', { PORT: '8000', METRICS_PORT: '8000' }, 'METRICS_PORT', /same as PORT/, /another/],
  ['a proxy that is none', { TRUSTED_PROXIES: '10.0.0.1,nginx' }, 'TRUSTED_PROXIES', /"nginx"/, /10\.0\.0\.0\/8/],
  ['a proxy network too long', { TRUSTED_PROXIES: '10.0.0.0/33' }, 'TRUSTED_PROXIES', /too many bits/, /proxies/],
  ['trust in everybody', { TRUSTED_PROXIES: '0.0.0.0/0' }, 'TRUSTED_PROXIES', /everybody/, /your own proxies/],
  ['an origin with a path', { CORS_ORIGINS: 'https://a.example/x' }, 'CORS_ORIGINS', /no origin/, /no path/],
  ['an origin without scheme', { CORS_ORIGINS: 'a.example' }, 'CORS_ORIGINS', /no origin/, /https:/],

  ['apps that are no JSON', { APPS: '[{' }, 'APPS', /not valid JSON/, /\[\{"appId"/],
  ['no app at all', { APPS: '[]' }, 'APPS', /fewer than 1/, /appId/],
  ['an app without id', apps({ appSecret: SECRET }), 'APPS', /lacks appId/, /appId/],
  ['an app without secret', apps({ appId: 'a' }), 'APPS', /exactly one of appSecret/, /"appSecrets": \[/],
  ['an app with both', apps({ ...APP, appSecrets: ['x'] }), 'APPS', /exactly one/, /to rotate/],
  ['a misspelt app setting', apps({ ...APP, timezone: 'UTC' }), 'APPS', /unknown keys: "timezone"/, /appId/],
  ['the same app twice', apps(APP, APP), 'APPS', /twice/, /of its own/],
  ['a time zone of nowhere', apps({ ...APP, timeZone: 'Mars/Base' }), 'APPS', /"Mars\/Base"/, /Asia\/Shanghai/],
  ['a policy of nobody', apps({ ...APP, refundPolicy: 'none' }), 'APPS', /one of: debt, cap/, /APPS/],
  ['a return that runs', apps({ ...APP, returnUrls: ['javascript:x'] }), 'APPS', /dangerous scheme/, /https:/],
  ['a return to nowhere', apps({ ...APP, returnUrls: ['/paid'] }), 'APPS', /not a full URL/, /https:/],
  ['a key twice', { APPS: '[{"appId":"a","appSecret":"x","appId":"b"}]' }, 'APPS', /"appId" twice/, /APPS/],
  ['a proto app', { APPS: '[{"__proto__":{"appId":"a"}}]' }, 'APPS', /reserved name "__proto__"/, /APPS/],
  ['an app named constructor', apps({ ...APP, appId: 'constructor' }), 'APPS', /reserved name/, /another appId/],

  ['an unknown channel type', channels({ paypal: {} }), 'CHANNELS', /"paypal"/, /sandbox, signed/],
  ['a type of a prototype', channels({ a: { type: 'toString' } }), 'CHANNELS', /"toString"/, /sandbox, signed/],
  ['a channel named server', channels({ server: { type: 'sandbox' } }), 'CHANNELS', /built in/, /another name/],
  ['a channel in capitals', channels({ Pay: { type: 'sandbox' } }), 'CHANNELS', /"Pay"/, /a-z, 0-9/],
  ['a channel named constructor', channels({ constructor: { type: 'sandbox' } }), 'CHANNELS', /reserved/, /CHANNELS/],
  ['a proto channel', { CHANNELS: '{"__proto__":{"type":"sandbox"}}' }, 'CHANNELS', /reserved/, /CHANNELS/],
  ['a channel twice', { CHANNELS: '{"sandbox":{},"sand\\u0062ox":{}}' }, 'CHANNELS', /"sandbox" twice/, /CHANNELS/],
  ['channels in a list', { CHANNELS: '[]' }, 'CHANNELS', /must be object/, /"signed"/],
  ['signed without secrets', channels({ signed: {} }), 'CHANNELS', /lacks secrets/, /"secrets"/],
  ['six secrets', channels({ signed: { secrets: [...'abcdef'] } }), 'CHANNELS', /more than 5/, /"secrets"/],
  [
    'a secret of two channels',
    channels({ signed: { secrets: ['a', 'b'] }, partner: { type: 'signed', secrets: ['c', 'b'] } }),
    'CHANNELS',
    /"signed" and "partner" have a secret in common/,
    /secrets of its own/,
  ],
  ['a channel of no app', channels({ sandbox: { appId: 'x.y' } }), 'CHANNELS', /"x\.y"/, /com\.funtriolimited/],
  [
    'a channel of which app',
    apps(APP, { ...APP, appId: 'b' }),
    'CHANNELS',
    /there are several/,
    /com\.example\.game, b/,
  ],

  ['online without JWT_SECRET', { ...ONLINE, JWT_SECRET: '' }, 'JWT_SECRET', /not set/, /openssl rand/],
  ['online with a short one', { ...ONLINE, JWT_SECRET: 'aK3$9xQz!m' }, 'JWT_SECRET', /shorter than 32/, /openssl/],
  [
    'online with a draft',
    { ...ONLINE, JWT_SECRET: 'your-secret-key-change-this-in-production!' },
    'JWT_SECRET',
    /placeholder/,
    /openssl/,
  ],
  ['online with one held key', { ...ONLINE, JWT_SECRET: 'x'.repeat(40) }, 'JWT_SECRET', /placeholder/, /openssl/],
  ['online with a pattern', { ...ONLINE, JWT_SECRET: 'aB3dE6gH9kL'.repeat(4) }, 'JWT_SECRET', /placeholder/, /openssl/],
  ['online without APPS', { ...ONLINE, APPS: undefined }, 'APPS', /not set/, /appSecret/],
  [
    'online with the local app',
    { ...ONLINE, ...apps({ appId: 'a', appSecret: 'local-app-secret' }) },
    'APPS',
    /placeholder/,
    /32 random/,
  ],
  [
    'online with a short app secret',
    { ...ONLINE, ...apps({ appId: 'a', appSecrets: [SECRET, 'q8Zr2Lk0Vw'] }) },
    'APPS',
    /shorter/,
    /"a"/,
  ],
  [
    'online with a weak channel',
    { ...ONLINE, ...channels({ signed: { secrets: ['q8Zr2Lk0Vw'] } }) },
    'CHANNELS',
    /shorter/,
    /"signed"/,
  ],
  [
    'online with the sandbox',
    { ...ONLINE, ...channels({ play: { type: 'sandbox' } }) },
    'CHANNELS',
    /without money/,
    /"play" out/,
  ],
  ['online with any origin', { ...ONLINE, CORS_ORIGINS: '*' }, 'CORS_ORIGINS', /"\*"/, /List each origin/],
  ['online with any port', { ...ONLINE, CORS_ORIGINS: 'https://a.example:*' }, 'CORS_ORIGINS', /"\*"/, /List each/],
  ['online with two workers on SQLite', { ...ONLINE, WORKERS: '2' }, 'WORKERS', /SQLite/, /mysql:/],
  ['online MySQL without Redis', { ...ONLINE, DATABASE_URL: MYSQL }, 'REDIS_URL', /sessions/, /REDIS_URL/],
  [
    'online with an open return',
    { ...ONLINE, ...apps({ ...APP, returnUrls: ['http://a.example/'] }) },
    'APPS',
    /not encrypted/,
    /https/,
  ],
]

for (const [name, variables, variable, fault, remedy] of REFUSED) {
  test(`${name} is refused, with its remedy, and nothing else is blamed`, () => {
    const faults = faultsFor(variables)
    assert.deepEqual([...new Set(faults.map((each) => each.variable))], [variable], describeFaults(faults))
    assert.ok(
      faults.some((each) => fault.test(each.fault) && remedy.test(each.remedy)),
      describeFaults(faults),
    )
  })
}

test('all faults are named at once, each with a remedy', () => {
  const faults = faultsFor({
    ENV: 'online',
    PORT: 'x',
    DOCS: 'x',
    WORKERS: 'x',
    HOST: '!',
    DATABASE_URL: 'x',
    REDIS_URL: 'x',
    CORS_ORIGINS: '*',
    TRUSTED_PROXIES: 'x',
    LOG_LEVEL: 'x',
    LOG_REQUESTS: 'x',
    MIGRATE_AT_START: 'x',
    SHUTDOWN_GRACE_MS: 'x',
    METRICS_PORT: 'x',
    CHANNELS: '{"sandbox":{},"nope":{}}',
  })
  const blamed = new Set(faults.map((fault) => fault.variable))
  const expected =
    'APPS CHANNELS CORS_ORIGINS DATABASE_URL DOCS HOST JWT_SECRET LOG_LEVEL LOG_REQUESTS METRICS_PORT MIGRATE_AT_START PORT REDIS_URL SHUTDOWN_GRACE_MS TRUSTED_PROXIES WORKERS'
  assert.equal([...blamed].sort().join(' '), expected)
  for (const { remedy } of faults) assert.match(remedy, /^[A-Z].{15,}/)
  assert.match(describeFaults(faults), /has \d\d faults; the server did not start/)
})

test('with nothing set, it is local: this machine, SQLite, one app and the sandbox', () => {
  const { config, warnings } = configFor({})
  assert.deepEqual(warnings, [])
  assert.equal(config.env, 'local')
  assert.deepEqual([config.http.host, config.http.port, config.http.docs], ['127.0.0.1', 8000, true])
  assert.deepEqual(config.database, { kind: 'sqlite', file: './payment_api.db' })
  assert.deepEqual(config.keyValue, { kind: 'sqlite', file: './payment_api.kv.db' })
  assert.equal(config.jwtSecret, null)
  const appId = 'com.funtriolimited.slots.casino.free'
  const logins = { guest: true, facebook: null, google: null, apple: null }
  const plain = { appId, secrets: ['local-app-secret'], timeZone: 'UTC', refundPolicy: 'debt', returnUrls: [] }
  assert.deepEqual(config.apps, [{ ...plain, testPurchases: true, logins, invite: null, webhooks: null }])
  assert.deepEqual(config.channels, [{ instance: 'sandbox', type: 'sandbox', appId }])
  assert.deepEqual(config.logging, { level: 'info', file: null, requests: true })
  assert.deepEqual(config.metrics, { mode: 'loopback' })
  assert.equal(config.migrateAtStart, true)
})

test('online with its secrets starts, on SQLite with a warning', () => {
  const { config, warnings } = configFor({ ...ONLINE, ...channels({ signed: { secrets: [OTHER_SECRET] } }) })
  assert.equal(config.http.host, '0.0.0.0')
  assert.deepEqual(config.logging, { level: 'warn', file: 'logs/payment-api.log', requests: false })
  assert.deepEqual(config.metrics, { mode: 'off' })
  assert.equal(config.migrateAtStart, false)
  assert.deepEqual(config.http.cors, { anyOrigin: false, origins: [], originsAnyPort: [] })
  const signed = {
    instance: 'signed',
    type: 'signed',
    appId: 'com.example.game',
    secrets: [OTHER_SECRET],
  }
  assert.deepEqual(config.channels, [signed])
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /SQLite/)
})

test('online with MySQL, Redis and four workers starts without a warning', () => {
  const { config, warnings } = configFor({ ...ONLINE, DATABASE_URL: MYSQL, REDIS_URL: 'redis://r', WORKERS: '4' })
  assert.deepEqual([config.workers, config.database.kind, config.keyValue.kind, warnings], [4, 'mysql', 'redis', []])
})

test('an app has its secrets, zone, policy and return URLs; a channel finds its app', () => {
  const first = { appId: 'a', appSecrets: [SECRET, OTHER_SECRET], timeZone: 'Asia/Shanghai', refundPolicy: 'cap' }
  const second = { ...APP, returnUrls: ['https://shop.example/paid', 'mygame://paid'] }
  const play = { type: 'signed', appId: 'com.example.game', secrets: [SECRET] }
  const { config } = configFor({ ...ONLINE, ...apps(first, second), ...channels({ play }) })
  assert.deepEqual(config.apps[0]?.secrets, [SECRET, OTHER_SECRET])
  assert.deepEqual([config.apps[0]?.timeZone, config.apps[0]?.refundPolicy], ['Asia/Shanghai', 'cap'])
  assert.deepEqual(config.apps[1]?.returnUrls, second.returnUrls)
  assert.deepEqual(config.channels, [{ instance: 'play', ...play }])
})

test('apps that differ in case are two apps, as every table sees them', () => {
  const { config } = configFor({ ...apps(APP, { ...APP, appId: 'COM.example.game' }), CHANNELS: '{}' })
  assert.deepEqual(
    config.apps.map((app) => app.appId),
    ['com.example.game', 'COM.example.game'],
  )
})

test('local on a public address starts when it is said aloud, and on any loopback address without', () => {
  assert.equal(configFor({ HOST: '0.0.0.0', LOCAL_ALLOW_PUBLIC: '1' }).config.http.host, '0.0.0.0')
  for (const HOST of ['127.0.0.2', '::1', '[::1]', 'localhost']) configFor({ HOST })
})

test('lists are read with spaces, in the spelling of a browser', () => {
  const { http } = configFor({
    CORS_ORIGINS: ' https://Shop.Example:443 , http://localhost:* ,',
    TRUSTED_PROXIES: '10.0.0.1, fd00::/8',
  }).config
  assert.deepEqual(http.cors, {
    anyOrigin: false,
    origins: ['https://shop.example'],
    originsAnyPort: ['http://localhost'],
  })
  assert.deepEqual(http.trustedProxies, ['10.0.0.1', 'fd00::/8'])
  assert.equal(configFor({ CORS_ORIGINS: '*' }).config.http.cors.anyOrigin, true)
})

test('an empty variable counts as not set, and only own properties count', () => {
  assert.equal(configFor({ PORT: '', HOST: '  ' }).config.http.port, 8000)
  const inherited: Variables = Object.create({ PORT: '9', ENV: 'online' })
  assert.equal(configFor(inherited).config.http.port, 8000)
})

test('metrics are guarded by a token, a port or both; a weak token is warned of in online', () => {
  assert.deepEqual(configFor({ METRICS_PORT: '9100' }).config.metrics, { mode: 'guarded', token: null, port: 9100 })
  const { config, warnings } = configFor({ ...ONLINE, METRICS_TOKEN: 'abc' })
  assert.deepEqual(config.metrics, { mode: 'guarded', token: 'abc', port: null })
  assert.ok(warnings.some((warning) => /^METRICS_TOKEN/.test(warning)))
})

test('the log file can be switched off', () => {
  assert.equal(configFor({ ...ONLINE, LOG_FILE: 'off' }).config.logging.file, null)
})

test('no fault quotes a secret', () => {
  const secret = 'q8Zr2Lk0Vw'
  const faults = faultsFor({
    ENV: 'online',
    JWT_SECRET: secret,
    APPS: `[{"appId":"a","appSecret":"${secret}"},"${secret}"]`,
    CHANNELS: `{"signed":{"secrets":["${secret}", 5]}, oops ${secret}`,
    DATABASE_URL: `mysql://u:${secret}#@h:x/${secret}`,
    REDIS_URL: `redis://:${secret}@h:99999/x`,
  })
  assert.ok(faults.length >= 5)
  assert.ok(!describeFaults(faults).includes(secret), describeFaults(faults))
})
