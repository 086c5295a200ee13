import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isoTime, utcSeconds } from './clock.ts'

test('an order time is UTC to the second, other times ISO 8601 to the millisecond', () => {
  const timeMs = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
  assert.equal(utcSeconds(timeMs), '2026-02-03 04:05:06')
  assert.equal(isoTime(timeMs), '2026-02-03T04:05:06.789Z')
  assert.equal(utcSeconds(0), '1970-01-01 00:00:00')
})
