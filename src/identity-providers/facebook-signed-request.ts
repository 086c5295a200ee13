import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { SKEW_SECONDS } from './id-token.ts'
import type { IdentityNotice, RawNotice } from './identity-provider.ts'
import { readSubject } from './profile.ts'
import { jsonObject } from './signed-token.ts'

/** Facebook sends such a request when its user asks, and not days later. */
const AGE_SECONDS_MAX = 24 * 60 * 60

/** Two hundred characters in truth. */
const BODY_BYTES_MAX = 16 * 1024

// Some senders pad, which their own example does not.
const SHAPE = /^([\w-]{1,64})={0,2}\.([\w-]+={0,2})$/

/**
 * Reads the form that Facebook sends when a user wants their data deleted, or takes the app away: both look the same, and
 * only the address to which one was sent tells which it is. `forget` is said here; whoever knows better says better.
 */
export function readSignedRequest(appSecret: string, { rawBody, nowMs }: RawNotice): Outcome<IdentityNotice> {
  if (rawBody.length > BODY_BYTES_MAX) return refused('proof_malformed')
  const given = new URLSearchParams(Buffer.from(rawBody).toString('utf8')).getAll('signed_request')
  const [, signature, payload] = SHAPE.exec(given.length === 1 ? (given[0] ?? '') : '') ?? []
  if (signature === undefined || payload === undefined) return refused('proof_malformed')
  // Over the text as it was sent, not over what it says.
  const expected = createHmac('sha256', appSecret).update(payload).digest()
  const bytes = Buffer.from(signature, 'base64url')
  if (bytes.length !== expected.length || !timingSafeEqual(bytes, expected)) return refused('invalid_proof')

  const said = jsonObject(Buffer.from(payload, 'base64url'))
  if (said === null) return refused('proof_malformed')
  const { algorithm, issued_at: issuedAt, user_id: userId } = said
  // What a web page is given at a login is signed in the same way, and erases nobody in the hands of whoever finds it.
  if (said['code'] !== undefined || said['oauth_token'] !== undefined) return refused('invalid_proof')
  if (String(algorithm).toUpperCase() !== 'HMAC-SHA256') return refused('proof_wrong_algorithm')
  const subject = readSubject(Number.isSafeInteger(userId) ? String(userId) : userId)
  if (subject === null || typeof issuedAt !== 'number' || !Number.isSafeInteger(issuedAt)) {
    return refused('proof_malformed')
  }
  const ageSeconds = nowMs / 1000 - issuedAt
  if (ageSeconds > AGE_SECONDS_MAX) return refused('proof_expired')
  if (ageSeconds < -SKEW_SECONDS) return refused('proof_not_yet_valid')
  const key = createHash('sha256').update(`${subject} ${issuedAt}`).digest('hex')
  return accepted({ key, kind: 'forget', subject, named: 'signed_request' })
}
