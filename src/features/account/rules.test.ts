import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type LoginTrust, provenIdentity } from './rules.ts'

const claim = (loginType: number, loginId: string | null = 'id', loginCode: string | null = null) => ({
  loginType,
  loginId,
  loginCode,
  credential: null,
  nonce: null,
})
const codeOf = (trust: LoginTrust, asked: ReturnType<typeof claim>) => {
  const outcome = provenIdentity(trust, asked)
  return outcome.ok ? outcome.value : outcome.refusal.code
}

test('a bare id proves a guest, a Facebook, a Google or an Apple player in local only', () => {
  for (const [loginType, provider] of ['guest', 'facebook', 'google', 'apple'].entries()) {
    assert.deepEqual(codeOf('bare_ids', claim(loginType)), { provider, subject: 'id' })
    assert.equal(codeOf('proof', claim(loginType)), 'proof_required')
  }
})

test('an address is proven by nothing that stands in the claim itself, everywhere', () => {
  for (const trust of ['bare_ids', 'proof'] as const) {
    for (const loginType of [4, 5]) {
      assert.equal(codeOf(trust, claim(loginType)), 'proof_required')
      assert.equal(codeOf(trust, claim(loginType, 'id', '000000')), 'proof_required')
    }
  }
})

test('without an id, or of a type that is none, nobody is known', () => {
  assert.equal(codeOf('bare_ids', claim(1, null)), 'invalid_fields')
  for (const loginType of [-1, 6, 0.5, Number.NaN]) assert.equal(codeOf('bare_ids', claim(loginType)), 'invalid_fields')
})
