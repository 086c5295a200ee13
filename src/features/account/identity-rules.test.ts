import assert from 'node:assert/strict'
import { test } from 'node:test'
import { namedIdentity, shownLoginId } from './identity-rules.ts'

test('an address is shown by its ends only, and the id of a platform whole', () => {
  const shown: [string, string, string][] = [
    ['email', 'anna.karenina@example.com', 'a***@example.com'],
    ['email', 'a@example.com', 'a***@example.com'],
    ['email', '安娜@example.com', '安***@example.com'],
    ['email', '🎁@example.com', '🎁***@example.com'],
    ['email', '@example.com', '***'],
    ['email', 'none', '***'],
    ['sms', '+8613800138000', '+8613*****000'],
    ['sms', '+49301234567', '+4930*****567'],
    ['sms', '+1234567890', '+12*****0'],
    ['sms', '+1234567', '+12*****7'],
    ['sms', '+123456', '*****'],
    ['google', '108234', '108234'],
    ['guest', 'device@1', 'device@1'],
  ]
  for (const [provider, subject, login_id] of shown) assert.equal(shownLoginId({ provider, subject }), login_id)
})

test('an identity is named by the number of its type', () => {
  assert.deepEqual(namedIdentity({ loginType: 2, loginId: 'x' }), { provider: 'google', subject: 'x' })
  assert.deepEqual(namedIdentity({ loginType: 4, loginId: 'Anna@Example.COM' }), {
    provider: 'email',
    subject: 'anna@example.com',
  })
  assert.deepEqual(namedIdentity({ loginType: 5, loginId: '+86 138-0013-8000' }), {
    provider: 'sms',
    subject: '+8613800138000',
  })
  for (const loginType of [4, 5]) assert.equal(namedIdentity({ loginType, loginId: 'nobody' }), null)
  for (const loginType of [-1, 6, 0.5]) assert.equal(namedIdentity({ loginType, loginId: 'x' }), null)
})
