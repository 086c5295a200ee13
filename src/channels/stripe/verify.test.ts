import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Stripe } from 'stripe'
import { signStripeEvent } from './sign.ts'
import { isGenuine } from './verify.ts'

const SECRET = 'whsec_test_secret'
const SIGNED_AT_S = 1_767_323_045
const BODY = '{"id":"evt_test_1","object":"event"}'
const DIGEST = '3dc95f735d5c4c558528cfc1acb4353445a96a48bac26d57154b81201b2b43d8'
const HEADER = `t=${SIGNED_AT_S},v1=${DIGEST}`

function verdict(
  of: { secrets?: string[]; header?: string; body?: string | Uint8Array; laterS?: number } = {},
): boolean {
  const { secrets = [SECRET], header = HEADER, body = BODY, laterS = 0 } = of
  return isGenuine(Stripe, { secrets, header, rawBody: Buffer.from(body), nowMs: (SIGNED_AT_S + laterS) * 1000 })
}

test('a signature that was made by hand, and what signs for tests', () => {
  assert.equal(verdict(), true)
  assert.equal(signStripeEvent(SECRET, { body: BODY, nowMs: SIGNED_AT_S * 1000 + 999 }), HEADER)
})

test('five minutes, either way and not a second more', () => {
  const ages = [-301, -300, 0, 300, 301]
  assert.deepEqual(
    ages.map((laterS) => verdict({ laterS })),
    [false, true, true, true, false],
  )
})

test('any of several secrets proves, and any of several signatures', () => {
  assert.equal(verdict({ secrets: ['whsec_older_one', SECRET] }), true)
  assert.equal(verdict({ secrets: ['whsec_older_one', 'whsec_newer_one'] }), false)
  const other = '0'.repeat(64)
  assert.equal(verdict({ header: `t=${SIGNED_AT_S},v1=${other},v1=${DIGEST},v0=${other}` }), true)
  assert.equal(verdict({ header: `t=${SIGNED_AT_S},v1=${other},v0=${DIGEST}` }), false)
})

test('bytes that read as the same text are other bytes', () => {
  const body = '{"name":"\ufffd"}'
  const header = signStripeEvent(SECRET, { body, nowMs: SIGNED_AT_S * 1000 })
  assert.equal(verdict({ body, header }), true)
  const lenient = Buffer.concat([Buffer.from('{"name":"'), Buffer.from([0xff]), Buffer.from('"}')])
  assert.equal(lenient.toString(), body)
  assert.equal(verdict({ body: lenient, header }), false)
  assert.equal(verdict({ body: `\ufeff${BODY}` }), false)
})
