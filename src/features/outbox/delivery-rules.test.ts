import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type EndpointHealth, healthAfter, isSlowAnswer, readRetryAfter, retryWaitMs, WELL } from './delivery-rules.ts'

const NOW_MS = Date.UTC(2026, 10, 1)
const MINUTE_MS = 60_000
const failed = (count: number) => ({ taken: 0, failed: count, retryAfterMs: null })

test('an endpoint fails with its fifth attempt in a row, whoever they were for, and is well with the first that it takes', () => {
  const four = healthAfter(WELL, failed(4), NOW_MS)
  assert.deepEqual(four, { failures: 4, failingSinceMs: 0, pausedUntilMs: 0 })
  const five = healthAfter(four, failed(1), NOW_MS)
  assert.deepEqual(five, { failures: 5, failingSinceMs: NOW_MS, pausedUntilMs: NOW_MS + 5_000 })
  assert.deepEqual(healthAfter(five, { taken: 1, failed: 2, retryAfterMs: null }, NOW_MS), WELL)
  assert.deepEqual(healthAfter(five, failed(0), NOW_MS), five)
})

test('an endpoint that is down for a day is asked at most once a minute, and at least', () => {
  let health: EndpointHealth = healthAfter(WELL, failed(32), NOW_MS)
  let asked = 0
  for (let nowMs = NOW_MS; nowMs < NOW_MS + 24 * 60 * MINUTE_MS; nowMs = health.pausedUntilMs) {
    health = healthAfter(health, failed(3), nowMs)
    const pauseMs = health.pausedUntilMs - nowMs
    assert.ok(pauseMs >= 5_000 && pauseMs <= MINUTE_MS)
    asked += 1
  }
  assert.ok(asked > 1_400 && asked < 1_460, String(asked))
})

test('an endpoint that asks for a pause gets it, also while it takes others', () => {
  const paused = healthAfter(WELL, { taken: 7, failed: 1, retryAfterMs: 30_000 }, NOW_MS)
  assert.deepEqual(paused, { ...WELL, pausedUntilMs: NOW_MS + 30_000 })
  const failing = healthAfter(WELL, { taken: 0, failed: 9, retryAfterMs: 120_000 }, NOW_MS)
  assert.equal(failing.pausedUntilMs, NOW_MS + 120_000)
})

test('an event waits longer each time, to ten minutes, or to six hours where the answer will hardly change', () => {
  const waits = (isSlow: boolean) => [1, 2, 3, 4, 5, 6, 9, 1000].map((n) => retryWaitMs(n, { isSlow, jitter: 0.5 }))
  assert.deepEqual(
    waits(false).map((ms) => ms / 1000),
    [5, 15, 45, 135, 405, 600, 600, 600],
  )
  assert.deepEqual(
    waits(true).map((ms) => ms / MINUTE_MS),
    [1, 4, 16, 64, 256, 360, 360, 360],
  )
  const jittered = [0, 1].map((jitter) => retryWaitMs(1, { isSlow: false, jitter }))
  assert.deepEqual(jittered, [4_000, 6_000])
})

test('of answers, refusals and redirects are slow to change, and "later" and "too many" are not', () => {
  const slow = [301, 302, 307, 400, 401, 404, 410, 422]
  const soon = [100, 408, 425, 429, 500, 502, 503, 504]
  assert.deepEqual(slow.filter(isSlowAnswer), slow)
  assert.deepEqual(soon.filter(isSlowAnswer), [])
})

test('Retry-After is read in seconds or as a date, and believed for an hour', () => {
  const read = (text: string | null) => readRetryAfter(text, NOW_MS)
  assert.equal(read('120'), 120_000)
  assert.equal(read(new Date(NOW_MS + 90_000).toUTCString()), 90_000)
  assert.equal(read(new Date(NOW_MS - 90_000).toUTCString()), 0)
  assert.equal(read('999999999'), 60 * MINUTE_MS)
  for (const nothing of [null, '', 'soon', '-5', '1e9']) assert.ok([null, 0].includes(read(nothing)), String(nothing))
})
