import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fakeClock } from '../../test/support/fake-clock.ts'
import type { ClientCaller } from '../kernel/caller.ts'
import type { AppId, PlayerId, SessionId } from '../kernel/ids.ts'
import { type LimitedCall, openRateLimiter, type RateLimits, rateLimitHeaders } from './rate-limit.ts'

const HERE = '203.0.113.7'
const ROUTE = 'GET /api/v1/inbox'
const OFF = { perMinute: 0, loginPerMinute: 0, playerPerMinute: 0, appPerMinute: 0, routes: {}, workers: 1 }
const call = (limit: LimitedCall['limit'], address = HERE): LimitedCall => ({ address, route: ROUTE, limit })
const openWith = (limits: Partial<RateLimits>) =>
  openRateLimiter({ clock: fakeClock(), sharing: null }, { ...OFF, ...limits })
const limiterOf = (perMinute: number, loginPerMinute: number, workers = 1) => {
  const limiter = openWith({ perMinute, loginPerMinute, workers })
  assert.ok(limiter)
  return limiter
}
const client = (playerId: number | null, appId = 'app'): ClientCaller => ({
  kind: 'client',
  appId: appId as AppId,
  sessionId: 'ses_1' as SessionId,
  playerId: playerId as PlayerId | null,
})

test('no limit at all is none, and a limit that is off counts no call', () => {
  assert.equal(openWith({}), null)
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

test('a call with a limit of its own counts for that too, and other calls do not', () => {
  const limiter = openWith({ perMinute: 80, routes: { [ROUTE]: 8, 'POST /api/v1/orders': 0 } })
  assert.ok(limiter)
  assert.deepEqual([limiter.take(call(null)).limit, limiter.take(call(null)).remaining], [2, 0])
  assert.equal(limiter.take(call(null)).allowed, false)
  const other = { ...call(null), route: 'POST /api/v1/orders' }
  assert.deepEqual([limiter.take(other).limit, limiter.look(other).remaining], [20, 17])
  const alone = openWith({ routes: { [ROUTE]: 8 } })
  assert.deepEqual([alone?.counts(call(null)), alone?.counts(other)], [true, false])
})

test('players of one number in two apps, and two players of one app, have limits of their own', () => {
  const limiter = openWith({ playerPerMinute: 8 })
  assert.ok(limiter)
  assert.equal(limiter.counts(call(null)), false)
  const allowed = (one: ClientCaller) => limiter.takeClient(one)?.allowed
  assert.deepEqual(
    [1, 2, 3].map(() => allowed(client(10_001))),
    [true, true, false],
  )
  assert.equal(allowed(client(10_002)), true)
  assert.equal(allowed(client(10_001, 'other')), true)
  assert.equal(limiter.takeClient(client(null)), null)
})

test('the clients of an app count together, and a player who is refused takes nothing from the others', () => {
  const limiter = openWith({ playerPerMinute: 4, appPerMinute: 16 })
  assert.ok(limiter)
  assert.equal(limiter.takeClient(client(1))?.limit, 1)
  for (let n = 0; n < 10; n++) assert.equal(limiter.takeClient(client(1))?.allowed, false)
  for (const playerId of [2, 3, null]) assert.equal(limiter.takeClient(client(playerId))?.allowed, true)
  assert.equal(limiter.takeClient(client(4))?.allowed, false)
  assert.equal(limiter.takeClient(client(4, 'other'))?.allowed, true)
})

test('a standing is told in three headers', () => {
  assert.deepEqual(rateLimitHeaders(limiterOf(40, 0).take(call(null))), {
    'ratelimit-limit': '10',
    'ratelimit-remaining': '9',
    'ratelimit-reset': '2',
  })
})
