import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { pageOf, readCursor, startOfPage, writeCursor } from './cursor.ts'

test('a cursor brings back the time and the id that it was made of', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.string(), (createdAtMs, id) => {
      const text = writeCursor({ createdAtMs, id })
      assert.match(text, /^[A-Za-z0-9_-]+$/)
      assert.deepEqual(readCursor(text), { createdAtMs, id })
    }),
  )
})

test('at its longest it fits the field that takes it', () => {
  assert.ok(writeCursor({ createdAtMs: Number.MAX_SAFE_INTEGER, id: 'x'.repeat(200) }).length <= 400)
})

test('what is none is null, whatever it is', () => {
  const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const wrong = [
    [],
    [1],
    [1, 2],
    ['1', 'a'],
    [1.5, 'a'],
    [1, 'a', 2],
    [null, 'a'],
    { 0: 1, 1: 'a' },
    null,
    'x',
    2 ** 60,
  ]
  for (const value of wrong) assert.equal(readCursor(encoded(value)), null, JSON.stringify(value))
  fc.assert(
    fc.property(fc.string(), (text) => {
      const read = readCursor(text)
      assert.ok(read === null || (Number.isSafeInteger(read.createdAtMs) && typeof read.id === 'string'))
    }),
  )
})

test('a page has a next one exactly when one row more than it shows was read', () => {
  const positionOf = (id: string) => ({ createdAtMs: 1, id })
  const next = writeCursor({ createdAtMs: 1, id: 'b' })
  assert.deepEqual(pageOf(['a', 'b', 'c'], { limit: 2, positionOf }), { rows: ['a', 'b'], nextCursor: next })
  assert.deepEqual(pageOf(['a', 'b'], { limit: 2, positionOf }), { rows: ['a', 'b'], nextCursor: null })
  assert.deepEqual(pageOf([], { limit: 2, positionOf }), { rows: [], nextCursor: null })
  assert.deepEqual(startOfPage(next), { ok: true, value: { createdAtMs: 1, id: 'b' } })
  assert.deepEqual(startOfPage(null), { ok: true, value: null })
  assert.equal(startOfPage('x').ok, false)
})
