import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import Database from 'better-sqlite3'
import { Redis } from 'ioredis'
import { testRedisConfig, until } from '../../test/support/redis-server.ts'
import { InvariantError } from '../kernel/invariant.ts'
import { type KeyValueStore, KeyValueUnavailable } from './kv.ts'
import { VALUE_BYTES_MAX } from './limits.ts'
import { openKeyValueStore } from './open.ts'
import type { RedisSingleConfig } from './redis-config.ts'

/** A store, with what its contract can't see from outside: the time that a key has left, and a way to its end. */
interface Subject {
  readonly store: KeyValueStore
  lifeLeftMs(key: string): Promise<number | null>
  outlive(key: string): Promise<void>
  end(): Promise<void>
}

async function sqliteSubject(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-kv-'))
  const file = join(folder, 'kv.db')
  let nowMs = Date.UTC(2026, 10, 1)
  const store = await openKeyValueStore({ kind: 'sqlite', file, clock: { nowMs: () => nowMs } })
  const reader = new Database(file, { readonly: true })
  const lifeLeftMs = async (key: string) => {
    const endMs = reader.prepare('SELECT expires_at_ms FROM kv WHERE key = ?').pluck().get(key)
    return typeof endMs === 'number' ? endMs - nowMs : null
  }
  return {
    store,
    lifeLeftMs,
    async outlive(key) {
      nowMs += (await lifeLeftMs(key)) ?? 0
    },
    async end() {
      await store.close()
      reader.close()
      rmSync(folder, { recursive: true })
    },
  }
}

async function redisSubject(config: RedisSingleConfig): Promise<Subject> {
  const prefix = `test-${randomBytes(6).toString('hex')}:`
  const store = await openKeyValueStore({ kind: 'redis', config, prefix })
  const { mode: _, ...address } = config
  const reader = new Redis(address)
  return {
    store,
    async lifeLeftMs(key) {
      const left = await reader.pttl(prefix + key)
      return left < 0 ? null : left
    },
    async outlive(key) {
      await reader.pexpire(prefix + key, 1)
      await until(async () => (await reader.exists(prefix + key)) === 0)
    },
    async end() {
      await store.close()
      const keys = await reader.keys(`${prefix}*`)
      if (keys.length > 0) await reader.del(keys)
      await reader.quit()
    },
  }
}

const ODD_KEYS = [
  'a b',
  'ключ',
  '玩家:10001',
  '{tag}:x',
  '100%',
  'line\nbreak',
  'nul\0byte',
  "'; DROP TABLE kv; --",
  '🎁',
  'A',
  'a',
]
const MINUTE = { ttlMs: 60_000 }
const FOREVER = { ttlMs: null }

function keepsTheContract(open: () => Promise<Subject>): void {
  let subject: Subject
  let store: KeyValueStore
  before(async () => {
    subject = await open()
    store = subject.store
  })
  after(() => subject.end())

  /** Redis counts in real time, so a life may be a little shorter when we look, and never longer. */
  const assertLife = async (key: string, ttlMs: number) => {
    const left = await subject.lifeLeftMs(key)
    assert.ok(left !== null && left <= ttlMs && left > ttlMs - 10_000, `${key} has ${left} ms left of ${ttlMs}`)
  }

  test('a value that was set is read back, and a later one stands in its place', async () => {
    assert.equal(await store.get('plain'), null)
    await store.set('plain', 'one', FOREVER)
    assert.equal(await store.get('plain'), 'one')
    await store.set('plain', '', FOREVER)
    assert.equal(await store.get('plain'), '')
  })

  test('a value with a life disappears at its end, and one without stays', async () => {
    await store.set('dies', 'x', MINUTE)
    await assertLife('dies', 60_000)
    await subject.outlive('dies')
    assert.equal(await store.get('dies'), null)
    await store.set('dies', 'y', MINUTE)
    await store.set('dies', 'z', FOREVER)
    assert.equal(await subject.lifeLeftMs('dies'), null)
  })

  test('fifty write where nothing stands and one gets it', async () => {
    const wrote = await Promise.all(Array.from({ length: 50 }, (_, n) => store.setIfAbsent('first', `${n}`, MINUTE)))
    assert.equal(wrote.filter(Boolean).length, 1)
    assert.equal(await store.get('first'), String(wrote.indexOf(true)))
    await assertLife('first', 60_000)
    await subject.outlive('first')
    assert.equal(await store.setIfAbsent('first', 'later', FOREVER), true)
    assert.equal(await subject.lifeLeftMs('first'), null)
  })

  test('fifty replace the same value and one of them wins', async () => {
    await store.set('session', 'v0', FOREVER)
    const attempts = Array.from({ length: 50 }, (_, n) =>
      store.compareAndSet('session', { expected: 'v0', next: `v1 of ${n}`, ttlMs: 60_000 }),
    )
    const won = await Promise.all(attempts)
    assert.equal(won.filter(Boolean).length, 1)
    assert.equal(await store.get('session'), `v1 of ${won.indexOf(true)}`)
    await assertLife('session', 60_000)
  })

  test('a replacement of what is not there, or is another value, or has expired, changes nothing', async () => {
    assert.equal(await store.compareAndSet('none', { expected: '', next: 'x', ttlMs: null }), false)
    assert.equal(await store.get('none'), null)
    await store.set('other', 'a', MINUTE)
    assert.equal(await store.compareAndSet('other', { expected: 'A', next: 'x', ttlMs: null }), false)
    assert.equal(await store.get('other'), 'a')
    await assertLife('other', 60_000)
    await subject.outlive('other')
    assert.equal(await store.compareAndSet('other', { expected: 'a', next: 'x', ttlMs: null }), false)
    assert.equal(await store.get('other'), null)
    await store.set('stays', 'a', MINUTE)
    assert.equal(await store.compareAndSet('stays', { expected: 'a', next: 'b', ttlMs: null }), true)
    assert.equal(await subject.lifeLeftMs('stays'), null)
  })

  test('two hundred increments at once make two hundred, each with a number of its own', async () => {
    const counts = await Promise.all(Array.from({ length: 200 }, () => store.increment('hits', MINUTE)))
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: 200 }, (_, n) => n + 1),
    )
  })

  test('the first increment starts the life of a counter, later ones do not prolong it, and then it starts again', async () => {
    assert.equal(await store.increment('window', MINUTE), 1)
    assert.equal(await store.increment('window', { ttlMs: 3_600_000 }), 2)
    await assertLife('window', 60_000)
    await subject.outlive('window')
    assert.equal(await store.increment('window', { ttlMs: 3_600_000 }), 1)
    await assertLife('window', 3_600_000)
    await store.set('seeded', '0', FOREVER)
    assert.equal(await store.increment('seeded', MINUTE), 1)
    assert.equal(await subject.lifeLeftMs('seeded'), null)
  })

  test('an increment of a text is a bug of ours and leaves the text alone', async () => {
    await store.set('text', '12 apples', FOREVER)
    await assert.rejects(store.increment('text', MINUTE), InvariantError)
    assert.equal(await store.get('text'), '12 apples')
  })

  test('a key is removed once', async () => {
    await store.set('gone', 'x', FOREVER)
    assert.equal(await store.delete('gone'), true)
    assert.equal(await store.delete('gone'), false)
    assert.equal(await store.get('gone'), null)
    await store.set('gone', 'x', MINUTE)
    await subject.outlive('gone')
    assert.equal(await store.delete('gone'), false)
  })

  test('odd keys keep apart, and every text comes back as it was', async () => {
    for (const key of ODD_KEYS) await store.set(key, `${key} ✓ 你好 👩‍👩‍👧\0"\r\n`, MINUTE)
    for (const key of ODD_KEYS) assert.equal(await store.get(key), `${key} ✓ 你好 👩‍👩‍👧\0"\r\n`)
  })

  test('a value of 1 MiB is kept, and one byte more is refused', async () => {
    const large = '钱'.repeat(Math.floor(VALUE_BYTES_MAX / 3)) + 'x'.repeat(VALUE_BYTES_MAX % 3)
    await store.set('large', large, MINUTE)
    assert.equal((await store.get('large')) === large, true)
    assert.equal(await store.compareAndSet('large', { expected: large, next: 'small', ttlMs: 1_000 }), true)
    await assert.rejects(store.set('large', `${large}x`, MINUTE), InvariantError)
  })

  test('an empty or endless key, and a life of nothing, are bugs of ours', async () => {
    await assert.rejects(store.get(''), InvariantError)
    await assert.rejects(store.get('k'.repeat(513)), InvariantError)
    for (const ttlMs of [0, -1, 1.5, Number.NaN]) await assert.rejects(store.set('k', 'v', { ttlMs }), InvariantError)
  })

  test('a closed store says that it is unavailable, and closing it again is harmless', async () => {
    await store.ping()
    await store.close()
    await store.close()
    await assert.rejects(store.get('plain'), KeyValueUnavailable)
    await assert.rejects(store.increment('hits', MINUTE), KeyValueUnavailable)
    await assert.rejects(store.ping(), KeyValueUnavailable)
  })
}

describe('the key-value contract on SQLite', () => keepsTheContract(sqliteSubject))

const redis = testRedisConfig()
if (redis) {
  describe('the key-value contract on Redis', () => keepsTheContract(() => redisSubject(redis)))
} else {
  test('REDIS IS LEFT OUT: set TEST_REDIS_URL to run the key-value contract on it', (t) => {
    t.diagnostic('the key-value contract ran on SQLite alone: set TEST_REDIS_URL')
  })
}
