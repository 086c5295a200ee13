import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACCESS_TOKEN_SECONDS, type KeyTimes, planKeys, VERIFIES_ON_MS } from './signing-key-rules.ts'

const key = (kid: string, times: { from: number; made?: number; revoked?: number }): KeyTimes => ({
  kid,
  createdAtMs: times.made ?? times.from - 60_000,
  signsFromMs: times.from,
  revokedAtMs: times.revoked ?? null,
})
const [T1, T2, T3] = [1_000_000_000, 2_000_000_000, 3_000_000_000]

test('without a managed key JWT_SECRET signs, and never retires', () => {
  const plan = planKeys([])
  assert.equal(plan.signerAt(T1), null)
  assert.equal(plan.verifiesUntilMs(null), Infinity)
  assert.equal(plan.stateAt(null, T1), 'signing')
})

test('a key signs from its moment on and verifies for a token’s life and some minutes after the next one began', () => {
  const plan = planKeys([key('b', { from: T2 }), key('a', { from: T1 })])
  assert.deepEqual(
    [T1 - 1, T1, T2 - 1, T2, T3].map((atMs) => plan.signerAt(atMs)),
    [null, 'a', 'a', 'b', 'b'],
  )
  assert.equal(plan.verifiesUntilMs(null), T1 + VERIFIES_ON_MS)
  assert.equal(plan.verifiesUntilMs('a'), T2 + VERIFIES_ON_MS)
  assert.equal(plan.verifiesUntilMs('b'), Infinity)
  assert.ok(VERIFIES_ON_MS > ACCESS_TOKEN_SECONDS * 1000)
  const statesAt = (atMs: number) => [null, 'a', 'b'].map((kid) => plan.stateAt(kid, atMs))
  assert.deepEqual(statesAt(T1 - 1), ['signing', 'next', 'next'])
  assert.deepEqual(statesAt(T1), ['verifying', 'signing', 'next'])
  assert.deepEqual(statesAt(T2), ['retired', 'verifying', 'signing'])
  assert.deepEqual(statesAt(T2 + VERIFIES_ON_MS), ['retired', 'retired', 'signing'])
})

test('once a key is revoked the one before it signs again, and its tokens end a life after that', () => {
  const plan = planKeys([key('a', { from: T1 }), key('b', { from: T2, revoked: T3 })])
  assert.equal(plan.signerAt(T3), 'a')
  assert.equal(plan.stateAt('b', T3), 'revoked')
  assert.equal(plan.verifiesUntilMs('a'), Infinity)
  // JWT_SECRET has not signed since T1: that somebody revokes a key brings none of its tokens back.
  assert.equal(plan.verifiesUntilMs(null), T1 + VERIFIES_ON_MS)
})

test('when every managed key is revoked JWT_SECRET signs again, until the next one begins', () => {
  const revoked = key('a', { from: T1, revoked: T2 })
  assert.equal(planKeys([revoked]).signerAt(T2), null)
  assert.equal(planKeys([revoked]).verifiesUntilMs(null), Infinity)
  const plan = planKeys([revoked, key('b', { from: T3 })])
  assert.equal(plan.signerAt(T3 - 1), null)
  assert.equal(plan.verifiesUntilMs(null), T3 + VERIFIES_ON_MS)
})

test('a key that was revoked before it signed has ended nothing', () => {
  const plan = planKeys([key('a', { from: T2, revoked: T1 })])
  assert.equal(plan.signerAt(T3), null)
  assert.equal(plan.verifiesUntilMs(null), Infinity)
})

test('of two that sign from one moment on everybody takes the same one, and tokens by the other live out', () => {
  const [older, younger] = [key('z', { from: T1, made: 1 }), key('a', { from: T1, made: 2 })]
  for (const keys of [
    [older, younger],
    [younger, older],
  ]) {
    const plan = planKeys(keys)
    assert.equal(plan.signerAt(T1), 'a')
    assert.equal(plan.verifiesUntilMs('z'), T1 + VERIFIES_ON_MS)
  }
})
