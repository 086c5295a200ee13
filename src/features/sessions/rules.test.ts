import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientName, newestFirst, SESSIONS_MAX, sessionsToEnd } from './rules.ts'

test('a client is named by the first 120 printable characters of what it says', () => {
  assert.equal(clientName(undefined), '')
  assert.equal(clientName('  Slots/1.2 (iPhone; iOS 18)  '), 'Slots/1.2 (iPhone; iOS 18)')
  assert.equal(clientName('a\tb\u0000\u007f\u009fc  d'), 'a b c d')
  assert.equal(clientName('ä游戏'), '')
  assert.equal(clientName('x'.repeat(500)), 'x'.repeat(120))
  assert.equal(clientName(`${'x'.repeat(119)} y`), 'x'.repeat(119))
})

const living = (count: number) =>
  Array.from({ length: count }, (_, n) => ({ sessionId: `s${String(n).padStart(2, '0')}`, startedAtMs: n }))
const idsOf = (sessions: { sessionId: string }[]) => sessions.map(({ sessionId }) => sessionId)

test('thirty sessions live beside each other, and what is older than that ends', () => {
  assert.equal(SESSIONS_MAX, 30)
  assert.deepEqual(sessionsToEnd(living(30), { begun: 's29' }), [])
  assert.deepEqual(idsOf(sessionsToEnd(living(31), { begun: 's30' })), ['s00'])
  assert.deepEqual(idsOf(sessionsToEnd(living(33), { begun: 's32' })), ['s02', 's01', 's00'])
})

test('a session that begins while the clock stands further back is not the one that ends', () => {
  assert.deepEqual(idsOf(sessionsToEnd(living(31), { begun: 's00' })), ['s01'])
})

test('the list has one order, also for two of the same moment', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((sessionId) => ({ sessionId, startedAtMs: sessionId === 'c' ? 2 : 1 })) as [
    { sessionId: string; startedAtMs: number },
    { sessionId: string; startedAtMs: number },
    { sessionId: string; startedAtMs: number },
  ]
  assert.deepEqual(idsOf([b, a, c].toSorted(newestFirst)), ['c', 'a', 'b'])
  assert.deepEqual(idsOf([a, c, b].toSorted(newestFirst)), ['c', 'a', 'b'])
})
