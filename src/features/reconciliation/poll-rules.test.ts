import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { afterFailure, afterSpan, isDue, LAST_WAIT_MS, nextSpan, OVERLAP_MS, WINDOW_MS } from './poll-rules.ts'

const NOW_MS = Date.UTC(2026, 10, 1, 9, 30)

test('after a long outage the days are read one after the other, and together they have no gap', () => {
  let position = { readUntilMs: NOW_MS - 3.5 * WINDOW_MS, failures: 0 }
  const spans: number[] = []
  for (let isLast = false; !isLast; ) {
    const span = nextSpan(position, NOW_MS)
    assert.equal(span.fromMs, position.readUntilMs - OVERLAP_MS)
    spans.push((span.untilMs - position.readUntilMs) / WINDOW_MS)
    position = afterSpan(position, { ...span, faults: 0, nowMs: NOW_MS })
    isLast = span.isLast
  }
  assert.deepEqual(spans, [1, 1, 1, 0.5])
  assert.equal(position.readUntilMs, NOW_MS)
})

test('a day of more than can be listed is read by its parts, the smaller the more often it failed', () => {
  const hoursAfter = (failures: number) => {
    const readUntilMs = NOW_MS - 3 * WINDOW_MS
    const span = nextSpan({ readUntilMs, failures }, NOW_MS)
    assert.deepEqual([span.fromMs, span.isLast], [readUntilMs - OVERLAP_MS, false])
    return (span.untilMs - readUntilMs) / 3_600_000
  }
  assert.deepEqual([0, 1, 2, 3, 5, 60, 5_000].map(hoursAfter), [24, 12, 6, 3, 1, 1, 1])
})

test('what is older than platforms keep is not asked for, so that what is younger is', () => {
  const span = nextSpan({ readUntilMs: NOW_MS - 200 * WINDOW_MS, failures: 0 }, NOW_MS)
  assert.deepEqual([span.fromMs, span.untilMs], [NOW_MS - 90 * WINDOW_MS - OVERLAP_MS, NOW_MS - 89 * WINDOW_MS])
})

test('a clock that was ahead and went back leaves no gap', () => {
  const span = nextSpan({ readUntilMs: NOW_MS + WINDOW_MS, failures: 0 }, NOW_MS)
  assert.deepEqual([span.fromMs, span.untilMs, span.isLast], [NOW_MS - OVERLAP_MS, NOW_MS, true])
  const after = afterSpan({ readUntilMs: NOW_MS + WINDOW_MS, failures: 0 }, { ...span, faults: 0, nowMs: NOW_MS })
  assert.equal(after.readUntilMs, NOW_MS)
  assert.equal(isDue(NOW_MS + WINDOW_MS, NOW_MS), true, 'a time that no wait can have set')
})

test('a platform that is away is asked less and less often, and never later than half an hour', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5_000 }), fc.nat({ max: 1e9 }), (failures, retryAfterMs) => {
      const next = afterFailure({ readUntilMs: 5, failures }, { nowMs: NOW_MS, retryAfterMs })
      const waitMs = next.nextPollAtMs - NOW_MS
      assert.ok(waitMs >= Math.min(retryAfterMs, LAST_WAIT_MS) && waitMs >= 60_000 && waitMs <= LAST_WAIT_MS)
      assert.deepEqual([next.readUntilMs, next.failures], [5, failures + 1], 'the position waits with it')
      assert.equal(isDue(next.nextPollAtMs, NOW_MS), false)
    }),
  )
})

test('a message that meets a fault holds the last span for an hour of polls, and no older day', () => {
  let position = { readUntilMs: NOW_MS - 1000, failures: 0 }
  let held = 0
  while (position.readUntilMs < NOW_MS) {
    position = afterSpan(position, { untilMs: NOW_MS, isLast: true, faults: 1, nowMs: NOW_MS })
    held += 1
  }
  assert.equal(held, 61)
  const older = afterSpan({ readUntilMs: 0, failures: 0 }, { untilMs: 9, isLast: false, faults: 1, nowMs: NOW_MS })
  assert.deepEqual([older.readUntilMs, older.failures], [9, 0])
})
