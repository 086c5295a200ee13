import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { type LimitedCall, openBuckets, openRateLimiter, rateLimitHeaders } from './rate-limit.ts'

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

const call = (limit: LimitedCall['limit'], address = HERE): LimitedCall => ({ address, limit })
const limiterOf = (perMinute: number, loginPerMinute: number, workers = 1) => {
  const limiter = openRateLimiter({ clock: fakeClock() }, { perMinute, loginPerMinute, workers })
  assert.ok(limiter)
  return limiter
}

test('no limit at all is none, and a limit that is off counts no call', () => {
  assert.equal(openRateLimiter({ clock: fakeClock() }, { perMinute: 0, loginPerMinute: 0, workers: 1 }), null)
  const logins = limiterOf(0, 4)
  assert.deepEqual([logins.counts(call(null)), logins.counts(call('login'))], [false, true])
  const all = limiterOf(4, 0)
  assert.deepEqual([all.counts(call(null)), all.counts(call('login'))], [true, true])
})

test('a login counts for both limits and is told the stricter; a refused one takes from neither', () => {
  const limiter = limiterOf(40, 8)
  assert.deepEqual([limiter.take(call('login')).limit, limiter.take(call('login')).remaining], [2, 0])
  for (let n = 0; n < 20; n++) assert.equal(limiter.take(call('login')).allowed, false)
  const { allowed, limit, remaining } = limiter.take(call(null))
  assert.deepEqual([allowed, limit, remaining], [true, 10, 7])
  for (let n = 0; n < 7; n++) assert.equal(limiter.take(call(null)).allowed, true)
  assert.equal(limiter.take(call(null)).allowed, false)
  assert.equal(limiter.take(call(null, '203.0.113.8')).allowed, true)
})

test('each of several workers has its share of the minute, rounded up, and the whole burst', () => {
  const limiter = limiterOf(600, 30, 4)
  assert.equal(limiter.look(call(null)).limit, 150)
  assert.equal(limiter.look(call('login')).limit, 8)
  for (let n = 0; n < 8; n++) assert.equal(limiter.take(call('login')).allowed, true)
  // Eight a minute is this worker's share of thirty: the next one comes after seven and a half seconds.
  const refused = limiter.take(call('login'))
  assert.deepEqual([refused.allowed, refused.retryAfterSeconds], [false, 8])
  assert.equal(limiterOf(1, 1, 64).look(call('login')).limit, 1)
})

test('a standing is told in three headers', () => {
  assert.deepEqual(rateLimitHeaders(limiterOf(40, 0).take(call(null))), {
    'ratelimit-limit': '10',
    'ratelimit-remaining': '9',
    'ratelimit-reset': '2',
  })
})
