import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { KeyValueUnavailable } from '../kv/kv.ts'
import { openKeyValueStore } from '../kv/open.ts'
import { type Buckets, openBuckets } from './rate-limit-buckets.ts'
import { shareBuckets } from './rate-limit-sharing.ts'

const HERE = '203.0.113.7'
const PER_MINUTE = 60
const BURST = 15

/** Processes on one store, each with buckets of its own; they tell each other only when a test says so. */
async function processes(t: TestContext, count: number) {
  const clock = fakeClock()
  const folder = mkdtempSync(join(tmpdir(), 'payment-api-limits-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const open = async () => {
    const kv = await openKeyValueStore({ kind: 'sqlite', file: join(folder, 'kv.db'), clock })
    const buckets = openBuckets({ clock, perMinute: PER_MINUTE, workers: count, shared: true })
    const reports: (Error | null)[] = []
    const sharing = shareBuckets({ clock, kv, report: (failure) => reports.push(failure) }, new Map([['all', buckets]]))
    t.after(async () => {
      await sharing.close()
      await kv.close()
    })
    return { kv, buckets, sharing, reports }
  }
  return { clock, all: await Promise.all(Array.from({ length: count }, open)) }
}

/** How many of many calls are let through. */
const flood = (buckets: Buckets, key = HERE) =>
  Array.from({ length: 200 }, () => buckets.take(key)).filter(({ allowed }) => allowed).length

test('what one process has let through is missing in the others once both have told', async (t) => {
  const { all } = await processes(t, 2)
  const [a, b] = [all[0], all[1]]
  assert.ok(a && b)
  assert.equal(flood(a.buckets), BURST)
  await a.sharing.exchange()
  assert.equal(b.buckets.take(HERE).remaining, BURST - 1)
  await b.sharing.exchange()
  assert.equal(flood(b.buckets), 0)
  // It has let through one too much, which both wait for.
  assert.deepEqual([b.buckets.look(HERE).retryAfterSeconds, a.buckets.look(HERE).retryAfterSeconds], [2, 1])
  assert.equal(flood(b.buckets, 'another'), BURST)
})

test('over an hour of flooding all processes together let through the rate, and a burst of each more at most', async (t) => {
  const workers = 4
  const { clock, all } = await processes(t, workers)
  let allowed = 0
  const minutes = 60
  for (let second = 0; second < minutes * 60; second++) {
    for (const { buckets } of all) allowed += flood(buckets)
    await Promise.all(all.map(({ sharing }) => sharing.exchange()))
    clock.moveMs(1000)
  }
  const most = minutes * PER_MINUTE + workers * BURST
  assert.ok(allowed <= most && allowed >= minutes * PER_MINUTE, `${allowed} of ${most}`)
})

test('a flood that meets one process after the other is held back by what all have let through', async (t) => {
  const { clock, all } = await processes(t, 4)
  let allowed = 0
  const minutes = 30
  for (let round = 0; round < minutes * 12; round++) {
    const one = all[round % all.length]
    allowed += one === undefined ? 0 : flood(one.buckets)
    await one?.sharing.exchange()
    clock.moveMs(5000)
  }
  const most = minutes * PER_MINUTE + all.length * BURST
  assert.ok(allowed <= most, `${allowed} of ${most}`)
})

test('a server that is given its calls back is given them back everywhere', async (t) => {
  const { all } = await processes(t, 2)
  const [a, b] = [all[0], all[1]]
  assert.ok(a && b)
  for (let n = 0; n < 10; n++) a.buckets.take(HERE)
  await a.sharing.exchange()
  for (let n = 0; n < 10; n++) a.buckets.giveBack(HERE)
  await a.sharing.exchange()
  b.buckets.take(HERE)
  await b.sharing.exchange()
  assert.equal(b.buckets.look(HERE).remaining, BURST - 1)
})

test('with the store away each process keeps to its share, says so once, and counts with the others once it is back', async (t) => {
  const { clock, all } = await processes(t, 3)
  const [a, b] = [all[0], all[1]]
  assert.ok(a && b)
  const { moveMoments } = a.kv
  let tries = 0
  a.kv.moveMoments = async () => {
    tries += 1
    throw new KeyValueUnavailable('away')
  }
  assert.equal(flood(a.buckets), BURST)
  await a.sharing.exchange()
  assert.equal(flood(a.buckets), 0)
  for (let n = 0; n < 10; n++) {
    clock.moveMs(6000)
    // Twenty a minute are its share of sixty.
    assert.equal(flood(a.buckets), 2)
    await a.sharing.exchange()
  }
  assert.equal(tries, 11)
  assert.deepEqual(
    a.reports.map((failure) => failure?.name),
    ['KeyValueUnavailable'],
  )
  a.kv.moveMoments = moveMoments
  clock.moveMs(60_000)
  assert.equal(flood(a.buckets), BURST)
  await a.sharing.exchange()
  assert.equal(a.reports.at(-1), null)
  b.buckets.take(HERE)
  await b.sharing.exchange()
  assert.equal(flood(b.buckets), 0)
})

test('a hundred thousand addresses at once are told a bounded part at a time', async (t) => {
  const { all } = await processes(t, 1)
  const [a] = all
  assert.ok(a)
  const { moveMoments } = a.kv
  const sizes: number[] = []
  a.kv.moveMoments = (group, moves, bounds) => {
    sizes.push(moves.length)
    return moveMoments(group, moves, bounds)
  }
  for (let n = 0; n < 100_000; n++) a.buckets.take(`address-${n}`)
  await a.sharing.exchange()
  assert.equal(
    sizes.reduce((sum, size) => sum + size, 0),
    2000,
  )
  assert.ok(Math.max(...sizes) <= 100 && sizes.length <= 50, String(sizes))
})
