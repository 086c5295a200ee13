import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isoTime, movableClock, utcSeconds } from './clock.ts'

test('an order time is UTC to the second, other times ISO 8601 to the millisecond', () => {
  const timeMs = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
  assert.equal(utcSeconds(timeMs), '2026-02-03 04:05:06')
  assert.equal(isoTime(timeMs), '2026-02-03T04:05:06.789Z')
  assert.equal(utcSeconds(0), '1970-01-01 00:00:00')
})

test('a movable clock goes on with its base, ahead by all that it was moved, and never back', () => {
  let baseMs = 1_000
  const clock = movableClock({ nowMs: () => baseMs })
  clock.moveMs(50)
  clock.moveMs(7)
  baseMs += 3
  assert.deepEqual([clock.nowMs(), clock.aheadMs()], [1_060, 57])
  for (const wrong of [-1, 0.5, Number.NaN]) assert.throws(() => clock.moveMs(wrong))
  assert.equal(clock.aheadMs(), 57)
})
