import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { appSecretProof } from './facebook-graph.ts'
import { readSignedRequest } from './facebook-signed-request.ts'

const SECRET = 'test_app_secret'
const ISSUED_AT = 1_767_323_045
const VECTOR =
  'OnlFwPEZqyTQ9wMsOxxKRKlVczQdQMyT3zUOgQhgVB8.eyJ1c2VyX2lkIjoiMjE4NDcxIiwiYWxnb3JpdGhtIjoiSE1BQy1TSEEyNTYiLCJpc3N1ZWRfYXQiOjE3NjczMjMwNDV9'
const genuine = { user_id: '218471', algorithm: 'HMAC-SHA256', issued_at: ISSUED_AT }

/** What is read out of a form, a minute after it was made. */
function read(form: string, nowSeconds = ISSUED_AT + 60) {
  const answer = readSignedRequest(SECRET, { rawBody: Buffer.from(form), nowMs: nowSeconds * 1000 })
  return answer.ok ? answer.value : answer.refusal.code
}

const readField = (text: string, nowSeconds?: number) => read(`signed_request=${encodeURIComponent(text)}`, nowSeconds)

function signed(said: unknown, secret = SECRET): string {
  const payload = Buffer.from(JSON.stringify(said)).toString('base64url')
  return `${createHmac('sha256', secret).update(payload).digest('base64url')}.${payload}`
}

test('the app secret proof of a token is the one that Facebook expects', () => {
  const expected = 'bad6df0b858104754a0ffde2f0c05fe9731f1a5e141ee1bccf316d05f28d5135'
  assert.equal(appSecretProof(SECRET, 'EAATESTTOKEN'), expected)
})

test('a signed request of Facebook names its user, and twice the same is one notice', () => {
  const notice = read(`signed_request=${VECTOR}`)
  assert.ok(typeof notice === 'object')
  const { key, ...said } = notice
  assert.deepEqual(said, { kind: 'forget', subject: '218471', named: 'signed_request' })
  assert.match(key, /^[0-9a-f]{64}$/)
  assert.deepEqual(readField(signed({ ...genuine, expires: 0 })), notice)
  const later = readField(signed({ ...genuine, issued_at: ISSUED_AT + 1 }))
  assert.ok(typeof later === 'object' && later.key !== key)
})

test('padding, a number as the user and an algorithm in small letters are forgiven', () => {
  const [signature = '', payload = ''] = VECTOR.split('.')
  const notices = [
    readField(`${signature}=.${payload}`),
    readField(signed({ ...genuine, user_id: 218_471, algorithm: 'hmac-sha256' })),
    readField(VECTOR, ISSUED_AT + 86_400),
    readField(VECTOR, ISSUED_AT - 60),
  ]
  for (const notice of notices) assert.equal(typeof notice === 'object' && notice.subject, '218471')
})

test('what Facebook has not sent is refused, each way by its own code', () => {
  const [signature = '', payload = ''] = VECTOR.split('.')
  const refusals: [unknown, string][] = [
    [readField(signed(genuine, 'another secret')), 'invalid_proof'],
    [readField(signed(genuine, '')), 'invalid_proof'],
    [readField(`${signature}.${Buffer.from('{"user_id":"1"}').toString('base64url')}`), 'invalid_proof'],
    [readField(`${signature.slice(0, -2)}.${payload}`), 'invalid_proof'],
    [readField(`.${payload}`), 'proof_malformed'],
    [readField(`${Buffer.from(signature, 'base64url').toString('base64')}+/.${payload}`), 'proof_malformed'],
    [readField(payload), 'proof_malformed'],
    [readField(`${VECTOR}.${payload}`), 'proof_malformed'],
    [readField(''), 'proof_malformed'],
    [read(''), 'proof_malformed'],
    [read(`signed_request=${VECTOR}&signed_request=${VECTOR}`), 'proof_malformed'],
    [read(`signed_request=${VECTOR}&more=${'x'.repeat(16_384)}`), 'proof_malformed'],
    [read(JSON.stringify({ signed_request: VECTOR })), 'proof_malformed'],
    [readField(signed({ ...genuine, algorithm: 'none' })), 'proof_wrong_algorithm'],
    [readField(signed({ ...genuine, algorithm: undefined })), 'proof_wrong_algorithm'],
    [readField(signed({ ...genuine, user_id: undefined })), 'proof_malformed'],
    [readField(signed({ ...genuine, user_id: '' })), 'proof_malformed'],
    [readField(signed({ ...genuine, issued_at: String(ISSUED_AT) })), 'proof_malformed'],
    [readField(signed([genuine])), 'proof_malformed'],
    [readField(signed({ ...genuine, code: 'AQB-of-a-login' })), 'invalid_proof'],
    [readField(signed({ ...genuine, oauth_token: 'EAA-of-a-canvas', expires: 0 })), 'invalid_proof'],
    [readField(VECTOR, ISSUED_AT + 86_401), 'proof_expired'],
    [readField(VECTOR, ISSUED_AT - 61), 'proof_not_yet_valid'],
  ]
  for (const [index, [said, code]] of refusals.entries()) assert.equal(said, code, `case ${index}`)
})
