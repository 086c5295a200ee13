import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openKeySeal } from './seal-key.ts'
import { newKeyMaterial } from './signing-key.ts'

const SECRET = 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo'
const as = { kid: '2026-11-01-5d41402abc4b', alg: 'EdDSA' } as const

test('a key comes out of its seal as it went in, and no two seals are the same', () => {
  const material = newKeyMaterial()
  const seal = openKeySeal(SECRET)
  const [one, two] = [seal.seal({ ...as, material }), seal.seal({ ...as, material })]
  assert.notEqual(one, two)
  for (const sealed of [one, two]) assert.deepEqual(openKeySeal(SECRET).open({ ...as, sealed }), material)
})

test('another secret, another kid, another algorithm and every changed byte open nothing', () => {
  const seal = openKeySeal(SECRET)
  const sealed = seal.seal({ ...as, material: newKeyMaterial() })
  assert.equal(openKeySeal(`${SECRET}x`).open({ ...as, sealed }), null)
  assert.equal(seal.open({ ...as, kid: 'another', sealed }), null)
  assert.equal(seal.open({ ...as, alg: 'HS256', sealed }), null)
  const bytes = Buffer.from(sealed.slice(3), 'base64url')
  for (const at of bytes.keys()) {
    const changed = Buffer.from(bytes)
    changed[at] = (changed[at] ?? 0) ^ 1
    assert.equal(seal.open({ ...as, sealed: `v1.${changed.toString('base64url')}` }), null)
  }
  for (const other of ['', 'v1.', 'v1', sealed.slice(0, 30), `v2${sealed.slice(2)}`, 'v1.!!!!']) {
    assert.equal(seal.open({ ...as, sealed: other }), null)
  }
})
