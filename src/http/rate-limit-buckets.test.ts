import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { openBuckets } from './rate-limit-buckets.ts'

const HERE = '203.0.113.7'

test('an address may make a quarter of its minute at once, and then one call an interval', () => {
  const clock = fakeClock()
  const buckets = openBuckets({ clock, perMinute: 12 })
  const take = () => {
    const { allowed, limit, remaining, resetSeconds, retryAfterSeconds } = buckets.take(HERE)
    return [allowed, limit, remaining, resetSeconds, retryAfterSeconds]
  }
  assert.deepEqual(take(), [true, 3, 2, 5, 0])
  assert.deepEqual(take(), [true, 3, 1, 10, 0])
  assert.deepEqual(take(), [true, 3, 0, 15, 0])
  assert.deepEqual(take(), [false, 3, 0, 15, 5])
  clock.moveMs(4_999)
  assert.deepEqual(take(), [false, 3, 0, 11, 1])
  clock.moveMs(1)
  assert.deepEqual(take(), [true, 3, 0, 15, 0])
  clock.moveMs(600_000)
  assert.deepEqual(take(), [true, 3, 2, 5, 0])
})

test('over an hour of knocking an address gets its rate and not one call more', () => {
  for (const perMinute of [1, 7, 30, 600, 99_999]) {
    const clock = fakeClock()
    const buckets = openBuckets({ clock, perMinute })
    let allowed = 0
    const steps = 50_000
    for (let step = 0; step < steps; step++) {
      if (buckets.take(HERE).allowed) allowed += 1
      clock.moveMs(60_000 / steps)
    }
    const burst = Math.ceil(perMinute / 4)
    const most = Math.min(steps, burst + perMinute)
    assert.ok(allowed <= most && allowed >= Math.min(steps, perMinute), `${perMinute} a minute gave ${allowed}`)
  }
})

test('waiting for as long as was said is always enough, whatever the interval', () => {
  for (const perMinute of [1, 7, 11, 13, 59, 61, 601, 7_919]) {
    const clock = fakeClock()
    const buckets = openBuckets({ clock, perMinute })
    for (let round = 0; round < 200; round++) {
      const { allowed, retryAfterSeconds } = buckets.take(HERE)
      if (allowed) continue
      clock.moveMs(retryAfterSeconds * 1000)
      assert.equal(buckets.look(HERE).allowed, true, `${perMinute} a minute, round ${round}`)
    }
  }
})

test('what is given back can be taken again, and no address gets more than a whole burst by it', () => {
  const buckets = openBuckets({ clock: fakeClock(), perMinute: 8 })
  buckets.take(HERE)
  buckets.take(HERE)
  assert.equal(buckets.take(HERE).allowed, false)
  buckets.giveBack(HERE)
  assert.equal(buckets.look(HERE).remaining, 1)
  for (let n = 0; n < 5; n++) buckets.giveBack(HERE)
  assert.deepEqual(buckets.look(HERE).remaining, 2)
})

test('a clock that is set back closes no address for longer than an empty bucket does', () => {
  const clock = fakeClock()
  const buckets = openBuckets({ clock, perMinute: 60 })
  for (let n = 0; n < 5; n++) buckets.take(HERE)
  clock.moveMs(-3_600_000)
  assert.deepEqual(buckets.look(HERE).retryAfterSeconds, 1)
  clock.moveMs(15_000)
  assert.equal(buckets.take(HERE).allowed, true)
})

test('a hundred thousand addresses are remembered, and then the one that was quiet for longest is forgotten', () => {
  const buckets = openBuckets({ clock: fakeClock(), perMinute: 4 })
  for (let n = 0; n < 100_000; n++) buckets.take(`address-${n}`)
  assert.equal(buckets.look('address-0').allowed, false)
  buckets.take('one more')
  // Looking at it above made it the newest.
  assert.equal(buckets.look('address-0').allowed, false)
  assert.equal(buckets.look('address-1').allowed, true)
})

test('a bucket that turns from the common minute to a share of it keeps what is missing, and fills at its share', () => {
  const clock = fakeClock()
  const buckets = openBuckets({ clock, perMinute: 60, workers: 4, shared: true })
  for (let n = 0; n < 12; n++) buckets.take(HERE)
  clock.moveMs(2_000)
  assert.equal(buckets.look(HERE).remaining, 5)
  buckets.keepTo('own')
  assert.equal(buckets.look(HERE).remaining, 5)
  clock.moveMs(8_000)
  assert.equal(buckets.look(HERE).remaining, 7)
  assert.equal(buckets.look(HERE).resetSeconds, 32)
  buckets.keepTo('common')
  clock.moveMs(8_000)
  assert.equal(buckets.look(HERE).remaining, 15)
})

test('what was taken is handed out once, what was given back is taken off it, and what is learned counts', () => {
  const buckets = openBuckets({ clock: fakeClock(), perMinute: 60, shared: true })
  for (let n = 0; n < 4; n++) buckets.take(HERE)
  buckets.giveBack(HERE)
  buckets.take('neighbour')
  buckets.take('undecided')
  buckets.giveBack('undecided')
  assert.deepEqual(buckets.drain(1), [[HERE, 3000]])
  assert.deepEqual(buckets.drain(10), [['neighbour', 1000]])
  assert.deepEqual(buckets.drain(10), [])
  buckets.take(HERE)
  // Others have taken nine; the last of ours they do not know yet.
  buckets.learn(HERE, 12_000)
  assert.equal(buckets.look(HERE).remaining, 2)
  buckets.learn(HERE, 40_000)
  const { allowed, remaining, retryAfterSeconds } = buckets.look(HERE)
  assert.deepEqual([allowed, remaining, retryAfterSeconds], [false, 0, 27])
})

test('a flood from ever new addresses leaves a bounded number of them to be told', () => {
  const buckets = openBuckets({ clock: fakeClock(), perMinute: 4, shared: true })
  for (let n = 0; n < 100_000; n++) buckets.take(`address-${n}`)
  assert.equal(buckets.drain(1_000_000).length, 10_000)
})
