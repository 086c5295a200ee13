import assert from 'node:assert/strict'
import { test } from 'node:test'
import { localDefaults } from './local.ts'
import { readRedis } from './redis-settings.ts'

const single = { mode: 'single', host: 'r', port: 6379, db: 0 } as const

function redisOf(given: { REDIS_URL?: string; REDIS_CONF?: string }) {
  const reading = readRedis({ ...localDefaults, ...given })
  assert.ok(reading.ok, JSON.stringify(reading))
  assert.ok(reading.value?.kind === 'redis')
  return { ...reading.value, warnings: reading.warnings }
}

function faultsOf(given: { REDIS_URL?: string; REDIS_CONF?: string }): string {
  const reading = readRedis({ ...localDefaults, ...given })
  assert.ok(!reading.ok)
  return reading.faults.map((each) => `${each.variable} ${each.fault}. ${each.remedy}`).join('\n')
}

const URLS: readonly (readonly [string, object])[] = [
  ['redis://r', single],
  ['redis://r:6380/2', { ...single, port: 6380, db: 2 }],
  ['redis://r/', single],
  ['redis://:p%40ss@r', { ...single, password: 'p@ss' }],
  ['redis://me:pw@[::1]:6379', { ...single, host: '::1', username: 'me', password: 'pw' }],
  ['rediss://r', { ...single, tls: {} }],
]

for (const [url, store] of URLS) {
  test(`${url} is both stores`, () => {
    const redis = redisOf({ REDIS_URL: url })
    assert.deepEqual([redis.sessions, redis.socialIdentities, redis.prefix], [store, store, 'payment_api:'])
  })
}

for (const url of [
  'r:6379',
  'http://r',
  'redis://',
  'redis://r/x',
  'redis://r:0',
  'redis://r?db=1',
  'redis://:%zz@r',
]) {
  test(`REDIS_URL ${url} is refused with a remedy`, () =>
    assert.match(faultsOf({ REDIS_URL: url }), /REDIS_URL .*redis:\/\//))
}

test('named stores are read, each with its own database number', () => {
  const conf = {
    forever_new_user: { host: 'a', port: 7000, db: 0, password: 'pw' },
    forever_new_fb: { host: 'b', username: '', password: null, tls: true },
  }
  const redis = redisOf({ REDIS_CONF: JSON.stringify(conf) })
  assert.deepEqual(redis.sessions, { mode: 'single', host: 'a', port: 7000, db: 0, password: 'pw' })
  assert.deepEqual(redis.socialIdentities, { mode: 'single', host: 'b', port: 6379, db: 1, tls: {} })
})

test('without forever_new_fb the cache is in database 1 of the same server, and unknown stores are told', () => {
  const redis = redisOf({ REDIS_CONF: '{"forever_new_user":{"host":"a","db":3},"old_store":{"host":"x"}}' })
  assert.deepEqual(redis.socialIdentities, { mode: 'single', host: 'a', port: 6379, db: 1 })
  assert.match(redis.warnings.join(), /old_store/)
})

test('Sentinel and Cluster are read', () => {
  const conf = {
    forever_new_user: {
      sentinels: [{ host: 's', port: 26379 }],
      name: 'mymaster',
      sentinelPassword: 'sp',
      password: 'p',
    },
    forever_new_fb: { cluster: [{ host: 'c', port: 7001 }], tls: { ca: 'PEM', serverName: 'redis.example' } },
  }
  const redis = redisOf({ REDIS_CONF: JSON.stringify(conf) })
  const sentinels = [{ host: 's', port: 26379 }]
  const sentinel = { mode: 'sentinel', sentinels, name: 'mymaster', db: 0, password: 'p', sentinelPassword: 'sp' }
  assert.deepEqual(redis.sessions, sentinel)
  const tls = { ca: 'PEM', serverName: 'redis.example' }
  assert.deepEqual(redis.socialIdentities, { mode: 'cluster', nodes: [{ host: 'c', port: 7001 }], tls })
})

const REFUSED: readonly (readonly [string, RegExp])[] = [
  ['{', /not valid JSON/],
  ['[]', /must be object/],
  ['{}', /lacks forever_new_user/],
  ['{"forever_new_user":{}}', /exactly one of "host", "sentinels"/],
  ['{"forever_new_user":{"host":"a","cluster":[{"host":"b","port":1}]}}', /exactly one of/],
  ['{"forever_new_user":{"sentinels":[{"host":"b","port":1}]}}', /no name/],
  ['{"forever_new_user":{"host":"a","port":"6379"}}', /\/port must be integer/],
  ['{"forever_new_user":{"host":"a","pasword":"x"}}', /unknown keys: "pasword"/],
  ['{"forever_new_user":{"host":"a"},"forever_new_user":{"host":"b"}}', /"forever_new_user" twice/],
  ['{"forever_new_user":{"host":"a"},"__proto__":{}}', /reserved name/],
]

for (const [conf, fault] of REFUSED) {
  test(`REDIS_CONF ${conf} is refused with a remedy`, () => assert.match(faultsOf({ REDIS_CONF: conf }), fault))
}
