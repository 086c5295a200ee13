import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  FAILURES_FADE_MS,
  FAILURES_MAX,
  type Failures,
  IDENTITY_FORGIVES_ONE_MS,
  lockedForMs,
  withFailure,
  withRightLogin,
} from './lockout-rules.ts'

const NOW_MS = Date.UTC(2026, 10, 1)
const failures = (count: number, lastAtMs = NOW_MS) => ({ count, lastAtMs })

test('nothing is locked before as many have failed as may, and then for half a minute, doubling to an hour', () => {
  for (const by of ['pair', 'address', 'identity'] as const) {
    const max = FAILURES_MAX[by]
    assert.equal(lockedForMs(by, null, NOW_MS), 0)
    assert.equal(lockedForMs(by, failures(max - 1), NOW_MS), 0)
    const seconds = [0, 1, 2, 6, 7, 8, 100, 5000].map((more) => lockedForMs(by, failures(max + more), NOW_MS) / 1000)
    assert.deepEqual(seconds, [30, 60, 120, 1920, 3600, 3600, 3600, 3600])
  }
})

test('a lock ends on the millisecond, and failures are forgotten a day after the last one', () => {
  const kept = failures(FAILURES_MAX.pair)
  assert.equal(lockedForMs('pair', kept, NOW_MS + 29_999), 1)
  assert.equal(lockedForMs('pair', kept, NOW_MS + 30_000), 0)
  assert.deepEqual(withFailure('pair', kept, NOW_MS + FAILURES_FADE_MS - 1).count, kept.count + 1)
  assert.deepEqual(withFailure('pair', kept, NOW_MS + FAILURES_FADE_MS), failures(1, NOW_MS + FAILURES_FADE_MS))
})

test('a clock that is behind the one that counted makes nobody wait longer', () => {
  const ahead = failures(FAILURES_MAX.pair, NOW_MS + 3_600_000)
  assert.equal(lockedForMs('pair', ahead, NOW_MS), 30_000)
  assert.equal(withFailure('pair', ahead, NOW_MS).count, ahead.count + 1)
})

test('a right login clears its pair, gives its address one back, and leaves what strangers did to the identity', () => {
  assert.equal(withRightLogin('pair', failures(9)), null)
  assert.deepEqual(withRightLogin('address', failures(9)), failures(8))
  assert.equal(withRightLogin('address', failures(1)), null)
  assert.deepEqual(withRightLogin('identity', failures(9)), failures(9))
})

test('one stranger who fails as often as one address may, for a month, never locks an identity for its player', () => {
  let [pair, identity]: (Failures | null)[] = [null, null]
  for (let nowMs = NOW_MS; nowMs < NOW_MS + 30 * FAILURES_FADE_MS; nowMs += 1000) {
    if (lockedForMs('pair', pair ?? null, nowMs) > 0) continue
    pair = withFailure('pair', pair ?? null, nowMs)
    identity = withFailure('identity', identity ?? null, nowMs)
    assert.ok(identity.count < FAILURES_MAX.identity / 2, `${identity.count} failures`)
  }
})

test('an identity is forgiven by the quarter of an hour, in fractions too; a pair and an address are not', () => {
  const later = NOW_MS + 2.5 * IDENTITY_FORGIVES_ONE_MS
  assert.equal(withFailure('identity', failures(50), later).count, 48.5)
  assert.equal(withFailure('identity', failures(1), later).count, 1)
  for (const by of ['pair', 'address'] as const) assert.equal(withFailure(by, failures(50), later).count, 51)
})
