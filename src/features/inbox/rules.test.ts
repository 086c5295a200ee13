import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuseClaim } from './rules.ts'

test('a message can be claimed while it waits, and until the moment when it expires', () => {
  const waiting = { state: 'unclaimed' as const, expires_at_ms: 1000 }
  assert.equal(refuseClaim(waiting, 999), null)
  assert.equal(refuseClaim(waiting, 1000), 'message_expired')
  assert.equal(refuseClaim({ ...waiting, expires_at_ms: null }, Number.MAX_SAFE_INTEGER), null)
})

test('a message that was claimed, withdrawn or has expired says so', () => {
  const of = (state: 'claimed' | 'withdrawn' | 'expired') => refuseClaim({ state, expires_at_ms: null }, 0)
  assert.equal(of('claimed'), 'already_claimed')
  assert.equal(of('withdrawn'), 'message_withdrawn')
  assert.equal(of('expired'), 'message_expired')
})
