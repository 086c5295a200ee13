import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Type } from 'typebox'
import { bodyFaults, fits, readJson } from './read-body.ts'

const SCHEMA = Type.Object({
  id: Type.String({ pattern: '^[!-~]{1,5}$' }),
  amount: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  method: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})

test('a body fits by every rule of its shape, however often it is asked, and what nobody asked for does no harm', () => {
  for (const _ of [1, 2]) {
    assert.ok(fits(SCHEMA, { id: 'a', amount: 0, method: null, more: {} }))
    for (const change of [{ id: 'a b' }, { id: '' }, { amount: 0.5 }, { amount: -1 }, { amount: '1' }, { method: 7 }]) {
      assert.ok(!fits(SCHEMA, { id: 'a', amount: 0, ...change }), JSON.stringify(change))
    }
    assert.ok(!fits(SCHEMA, null))
  }
})

test('what does not fit is told by its fields, and quotes none of it', () => {
  assert.deepEqual(bodyFaults(SCHEMA, { id: 'a', amount: 1 }), [])
  const faults = bodyFaults(SCHEMA, { id: 'a secret', method: 7 })
  assert.deepEqual(faults.map(({ path }) => path).sort(), ['amount', 'id', 'method'])
  assert.doesNotMatch(JSON.stringify(faults), /secret/)
  assert.equal(bodyFaults(SCHEMA, readJson(Buffer.from([0x22, 0xff, 0x22]))).length, 1, 'no UTF-8 is no JSON')
})
