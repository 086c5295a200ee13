import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type KeyValueSubject, redisSubject, sqliteSubject } from '../../test/support/key-value-subjects.ts'
import { testRedisConfig } from '../../test/support/redis-server.ts'
import { InvariantError } from '../kernel/invariant.ts'
import { type KeyValueStore, KeyValueUnavailable } from './kv.ts'
import { MOMENTS_MAX, VALUE_BYTES_MAX } from './limits.ts'

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

function keepsTheContract(open: () => Promise<KeyValueSubject>): void {
  let subject: KeyValueSubject
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

  test('a counter grows by as much as is said, and never by a part of one or backwards', async () => {
    assert.equal(await store.increment('steps', { ...MINUTE, by: 5 }), 5)
    assert.equal(await store.increment('steps', { ttlMs: 3_600_000, by: 20 }), 25)
    assert.equal(await store.increment('steps', MINUTE), 26)
    await assertLife('steps', 60_000)
    for (const by of [0, -1, 1.5]) await assert.rejects(store.increment('steps', { ...MINUTE, by }), InvariantError)
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

  const pairsOf = async (key: string) => [...(await store.fields(key))].toSorted()

  test('fields of a map are written one by one, counted and read together', async () => {
    assert.deepEqual(await pairsOf('m'), [])
    assert.equal(await store.setField('m', 'a', '1', MINUTE), 1)
    assert.equal(await store.setField('m', 'b', '', MINUTE), 2)
    assert.equal(await store.setField('m', 'a', '2', MINUTE), 2)
    assert.deepEqual(await pairsOf('m'), [
      ['a', '2'],
      ['b', ''],
    ])
    assert.deepEqual(await pairsOf('m2'), [])
  })

  test('a whole map disappears a life after its last write, and begins again empty', async () => {
    await store.setField('mortal', 'old', '1', { ttlMs: 3_600_000 })
    await assertLife('map:mortal', 3_600_000)
    await store.setField('mortal', 'new', '2', MINUTE)
    await assertLife('map:mortal', 60_000)
    assert.equal((await store.fields('mortal')).size, 2)
    await store.setField('mortal', 'new', '3', { ttlMs: 3_600_000 })
    await assertLife('map:mortal', 3_600_000)
    await subject.outlive('map:mortal')
    assert.deepEqual(await pairsOf('mortal'), [])
    assert.equal(await store.deleteField('mortal', 'old'), false)
    assert.equal(await store.setField('mortal', 'third', '4', MINUTE), 1)
    assert.deepEqual(await pairsOf('mortal'), [['third', '4']])
  })

  test('a field is removed once, and what is left keeps its life', async () => {
    await store.setField('fewer', 'a', '1', MINUTE)
    await store.setField('fewer', 'b', '2', MINUTE)
    assert.equal(await store.deleteField('fewer', 'a'), true)
    assert.equal(await store.deleteField('fewer', 'a'), false)
    assert.equal(await store.deleteField('nowhere', 'a'), false)
    await assertLife('map:fewer', 60_000)
    assert.equal(await store.deleteField('fewer', 'b'), true)
    assert.deepEqual(await pairsOf('fewer'), [])
    assert.equal(await subject.lifeLeftMs('map:fewer'), null)
  })

  test('a hundred fields written at once are all there, and each writer was told a number of its own', async () => {
    const counts = await Promise.all(
      Array.from({ length: 100 }, (_, n) => store.setField('crowd', `field-${n}`, `${n}`, MINUTE)),
    )
    assert.deepEqual(
      counts.toSorted((a, b) => a - b),
      Array.from({ length: 100 }, (_, n) => n + 1),
    )
    assert.equal((await store.fields('crowd')).size, 100)
  })

  test('a map and a value under one key do not meet', async () => {
    await store.set('both', 'text', MINUTE)
    await store.setField('both', 'a', '1', MINUTE)
    assert.equal(await store.increment('both-count', MINUTE), 1)
    await store.setField('both-count', 'a', '1', MINUTE)
    assert.equal(await store.get('both'), 'text')
    assert.equal(await store.delete('both'), true)
    assert.deepEqual(await pairsOf('both'), [['a', '1']])
    assert.equal(await store.increment('both-count', MINUTE), 2)
  })

  test('odd fields keep apart, and a field or a life that is none is a bug of ours', async () => {
    const odd = [...ODD_KEYS, '__proto__', 'constructor', '1', '01']
    for (const field of odd) await store.setField('odd 玩家', field, `${field} ✓\0"`, MINUTE)
    const kept = await store.fields('odd 玩家')
    assert.equal(kept.size, odd.length)
    for (const field of odd) assert.equal(kept.get(field), `${field} ✓\0"`)
    await assert.rejects(store.setField('k', '', 'v', MINUTE), InvariantError)
    await assert.rejects(store.setField('k', 'f'.repeat(513), 'v', MINUTE), InvariantError)
    await assert.rejects(store.setField('k', 'f', 'v', { ttlMs: 0 }), InvariantError)
    await assert.rejects(store.set('map:k', 'v', MINUTE), InvariantError)
    await assert.rejects(store.fields('map:k'), InvariantError)
  })

  const NOW_MS = Date.UTC(2026, 10, 1)
  const atMs = (afterMs: number) => ({ nowMs: NOW_MS + afterMs, aheadMaxMs: 60_000 })

  test('moments move from where they stand or from now, never before it and never too far, and end once they have passed', async () => {
    const move = (byMs: number, afterMs = 0) => store.moveMoments('g', [{ key: 'a', byMs }], atMs(afterMs))
    assert.deepEqual(await move(10_000.125), [10_000.125])
    assert.deepEqual(await move(20_000), [30_000.125])
    await assertLife('{g}:a', 30_001)
    assert.deepEqual(await move(0, 10_000), [20_000.125])
    assert.deepEqual(await move(-5_000, 10_000), [15_000.125])
    assert.deepEqual(await move(1, 40_000), [1])
    assert.deepEqual(await move(90_000), [60_000])
    await assertLife('{g}:a', 60_000)
    // Somebody whose clock is behind.
    assert.deepEqual(await move(1, -30_000), [60_000])
    assert.deepEqual(await move(-90_000), [0])
    assert.equal(await store.get('{g}:a'), null)
    await move(5)
    await subject.outlive('{g}:a')
    assert.deepEqual(await move(7), [7])
  })

  test('moments of a group are answered in the order of their moves, and all movers count', async () => {
    const moves = ['x', 'y', 'x', ...ODD_KEYS].map((key, n) => ({ key, byMs: n + 1 }))
    assert.deepEqual((await store.moveMoments('order', moves, atMs(0))).slice(0, 4), [1, 2, 4, 4])
    assert.deepEqual(await store.moveMoments('elsewhere', [{ key: 'x', byMs: 1 }], atMs(0)), [1])
    assert.deepEqual(await store.moveMoments('order', [], atMs(0)), [])
    const crowd = Array.from({ length: 100 }, () => store.moveMoments('crowd', [{ key: 'k', byMs: 0.6 }], atMs(0)))
    assert.ok(Math.abs(Math.max(...(await Promise.all(crowd)).flat()) - 60) < 0.1)
  })

  test('a group with braces, too many moments and steps without an end are bugs of ours', async () => {
    const one = [{ key: 'k', byMs: 1 }]
    await assert.rejects(store.moveMoments('{g', one, atMs(0)), InvariantError)
    await assert.rejects(store.moveMoments('', one, atMs(0)), InvariantError)
    await assert.rejects(store.moveMoments('g', Array(MOMENTS_MAX + 1).fill(one[0]), atMs(0)), InvariantError)
    await assert.rejects(store.moveMoments('g', [{ key: 'k', byMs: Number.NaN }], atMs(0)), InvariantError)
    assert.equal((await store.moveMoments('g', Array(MOMENTS_MAX).fill(one[0]), atMs(0))).at(-1), MOMENTS_MAX)
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
    await assert.rejects(store.setField('m', 'a', '1', MINUTE), KeyValueUnavailable)
    await assert.rejects(store.fields('m'), KeyValueUnavailable)
    await assert.rejects(store.moveMoments('g', [{ key: 'k', byMs: 1 }], atMs(0)), KeyValueUnavailable)
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
