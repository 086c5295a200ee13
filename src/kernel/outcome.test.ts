import assert from 'node:assert/strict'
import { test } from 'node:test'
import { accepted, refused } from './outcome.ts'

test('an accepted outcome carries its value, also where that is nothing', () => {
  assert.deepEqual(accepted(7), { ok: true, value: 7 })
  assert.deepEqual(accepted(null), { ok: true, value: null })
})

test('a refusal carries its code and what more there is to say', () => {
  assert.deepEqual(refused('not_found'), { ok: false, refusal: { code: 'not_found' } })
  const details = [{ path: 'uid', message: 'is required' }]
  assert.deepEqual(refused('invalid_fields', { details }), { ok: false, refusal: { code: 'invalid_fields', details } })
  assert.deepEqual(refused('already_claimed', { errCode: 999 }), {
    ok: false,
    refusal: { code: 'already_claimed', errCode: 999 },
  })
})
