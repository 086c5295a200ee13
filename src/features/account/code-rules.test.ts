import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  decideSend,
  decideSessionSend,
  SENDS_KEPT_MAX,
  type SessionSend,
  typedCode,
  withFailed,
  withoutFailed,
  withoutSend,
} from './code-rules.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const NOW_MS = Date.UTC(2026, 10, 1)

/** How long to wait when the sends were this long ago; 0 where one is allowed now. */
const waitAfter = (...agesMs: number[]): number => {
  const decision = decideSend({ sentAtMs: agesMs.map((ageMs) => NOW_MS - ageMs), failedAtMs: null, nowMs: NOW_MS })
  return decision.allowed ? 0 : decision.waitMs
}

test('a minute lies between two sends, to the millisecond', () => {
  assert.equal(waitAfter(), 0)
  assert.equal(waitAfter(0), MINUTE_MS)
  assert.equal(waitAfter(MINUTE_MS - 1), 1)
  assert.equal(waitAfter(MINUTE_MS), 0)
})

test('five an hour: the sixth waits until the first is an hour old', () => {
  const minutes = [50, 40, 30, 20, 10].map((ago) => ago * MINUTE_MS)
  assert.equal(waitAfter(...minutes), 10 * MINUTE_MS)
  assert.equal(waitAfter(...minutes.slice(1)), 0)
  assert.equal(waitAfter(HOUR_MS, ...minutes.slice(1)), 0)
  assert.equal(waitAfter(HOUR_MS - 1, ...minutes.slice(1)), 1)
})

test('ten a day: the eleventh waits until the first is a day old', () => {
  const hours = [23, 21, 19, 17, 15, 13, 11, 9, 7, 5].map((ago) => ago * HOUR_MS)
  assert.equal(waitAfter(...hours), HOUR_MS)
  assert.equal(waitAfter(DAY_MS, ...hours.slice(1)), 0)
})

test('the longest wait counts', () => {
  assert.equal(waitAfter(HOUR_MS - 1, 4 * MINUTE_MS, 3 * MINUTE_MS, 2 * MINUTE_MS, 1), MINUTE_MS - 1)
})

test('a send that another clock has put into the future counts as one of now', () => {
  assert.equal(waitAfter(-5 * HOUR_MS), MINUTE_MS)
})

test('a send that failed gives back its place in the hour and the day, and keeps its minute', () => {
  const sentMs = NOW_MS - 18 * SECOND_MS
  const earlier = [50, 40, 30, 20].map((ago) => NOW_MS - ago * MINUTE_MS)
  const kept = withoutFailed({ sentAtMs: [...earlier, sentMs], failedAtMs: null }, { sentMs })
  assert.deepEqual(kept, { sentAtMs: earlier, failedAtMs: sentMs })
  assert.deepEqual(decideSend({ ...kept, nowMs: NOW_MS }), { allowed: false, waitMs: 42 * SECOND_MS })
  assert.ok(decideSend({ ...kept, nowMs: NOW_MS + 42 * SECOND_MS }).allowed)
  const later = withoutFailed({ sentAtMs: [sentMs], failedAtMs: NOW_MS }, { sentMs })
  assert.deepEqual(later, { sentAtMs: [], failedAtMs: NOW_MS })
})

test('whenever sends are tried, no window ever holds more than its limit', () => {
  const gaps = fc.array(fc.oneof(fc.nat({ max: 3 * MINUTE_MS }), fc.nat({ max: 3 * HOUR_MS })), { maxLength: 60 })
  fc.assert(
    fc.property(gaps, (gapsMs) => {
      let [nowMs, kept] = [NOW_MS, [] as readonly number[]]
      const sent: number[] = []
      for (const gapMs of gapsMs) {
        nowMs += gapMs
        const decision = decideSend({ sentAtMs: kept, failedAtMs: null, nowMs })
        if (!decision.allowed) {
          assert.ok(decision.waitMs > 0)
          assert.ok(
            decideSend({ sentAtMs: kept, failedAtMs: null, nowMs: nowMs + decision.waitMs }).allowed,
            'the wait is enough',
          )
          assert.ok(
            !decideSend({ sentAtMs: kept, failedAtMs: null, nowMs: nowMs + decision.waitMs - 1 }).allowed,
            'and not too long',
          )
          continue
        }
        kept = decision.sentAtMs
        assert.ok(kept.length <= SENDS_KEPT_MAX)
        sent.push(nowMs)
        const within = (windowMs: number) => sent.filter((timeMs) => timeMs > nowMs - windowMs).length
        assert.ok(within(MINUTE_MS) <= 1 && within(HOUR_MS) <= 5 && within(DAY_MS) <= 10)
      }
    }),
  )
})

test('whatever a session tries, it sends ten a day to five addresses, and its record stays short', () => {
  const tries = fc.array(
    fc.record({ gapMs: fc.nat({ max: 6 * HOUR_MS }), to: fc.constantFrom(...'abcdefgh'), fails: fc.boolean() }),
    { maxLength: 60 },
  )
  fc.assert(
    fc.property(tries, (tried) => {
      let [nowMs, kept] = [NOW_MS, [] as readonly SessionSend[]]
      const all: SessionSend[] = []
      for (const { gapMs, to, fails } of tried) {
        nowMs += gapMs
        const decision = decideSessionSend(kept, { to, nowMs })
        if (!decision.allowed) {
          const { waitMs } = decision
          assert.ok(decideSessionSend(kept, { to, nowMs: nowMs + waitMs }).allowed, 'the wait is enough')
          assert.ok(!decideSessionSend(kept, { to, nowMs: nowMs + waitMs - 1 }).allowed, 'and not too long')
          continue
        }
        kept = fails ? withFailed(decision.sends, { to, atMs: nowMs }) : decision.sends
        assert.deepEqual(
          withoutSend(decision.sends, { to, atMs: nowMs }).filter(({ to: of }) => of === to).length,
          decision.sends.filter(({ to: of }) => of === to).length - 1,
        )
        assert.ok(kept.length <= 15)
        all.push({ atMs: nowMs, to, failed: fails })
        const today = all.filter(({ atMs }) => atMs > nowMs - DAY_MS)
        assert.ok(today.filter(({ failed }) => !failed).length <= 10)
        assert.ok(new Set(today.map((send) => send.to)).size <= 5)
      }
    }),
  )
})

test('a code may be typed with blanks, dashes and full-width digits, and keeps its zeros', () => {
  for (const typed of [
    '012345',
    ' 012 345 ',
    '012-345',
    '０１２３４５',
    '０１２　３４５',
    '012\u2013345',
    '0\u200b12345',
  ]) {
    assert.equal(typedCode(typed), '012345', typed)
  }
})

test('anything but six digits is no code', () => {
  for (const typed of [
    '',
    '12345',
    '1234567',
    '12345a',
    '1234.5',
    '+12345',
    '1e5',
    '١٢٣٤٥٦',
    '12345\u00b2x',
    '0x1234',
  ]) {
    assert.equal(typedCode(typed), null, typed)
  }
})
