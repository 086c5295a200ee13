import assert from 'node:assert/strict'
import { test } from 'node:test'
import { examineClock, examineSpace } from './machine-checks.ts'

const NOW_MS = Date.UTC(2026, 10, 2)

test('a clock that is years behind, or apart from those of the servers, fails', () => {
  const verdicts = (nowMs: number, ...timesMs: number[]): boolean[] =>
    examineClock({ nowMs, others: timesMs.map((timeMs) => ({ name: 'the database', timeMs })) }).map(
      ({ passed }) => passed,
    )
  assert.deepEqual(verdicts(0), [false])
  assert.deepEqual(verdicts(NOW_MS), [true])
  assert.deepEqual(verdicts(NOW_MS, NOW_MS + 29_000, NOW_MS - 29_000), [true])
  assert.deepEqual(verdicts(NOW_MS, NOW_MS + 31_000, NOW_MS), [false])
  assert.deepEqual(verdicts(NOW_MS, NOW_MS + 31_000, NOW_MS - 31_000), [false, false])
})

test('a disk needs room for a gibibyte, and for twice the database', () => {
  const GIB = 1024 ** 3
  const fails = (freeBytes: number, needBytes: number): boolean =>
    examineSpace({ place: '/data', freeBytes, needBytes }) !== null
  assert.deepEqual([fails(GIB, 0), fails(GIB - 1, 0)], [false, true])
  assert.deepEqual([fails(10 * GIB, 5 * GIB), fails(10 * GIB - 1, 5 * GIB)], [false, true])
})
