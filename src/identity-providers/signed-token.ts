import { compactVerify, errors } from 'jose'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import type { KeyAlgorithm, KeySet } from './remote-keys.ts'

/** What a token says. Nothing of it is believed before its signature is found good. */
export type Claims = Readonly<Record<string, unknown>>

export interface SignedTokenRules {
  readonly keys: Pick<KeySet, 'find'>
  /** What this platform signs with. */
  readonly algorithms: readonly KeyAlgorithm[]
}

/** The platforms' tokens have one to two kilobytes. Larger ones are refused before a byte is decoded. */
const TOKEN_CHARS_MAX = 8192
/** An algorithm, a key's name and a type: 100 characters. What comes with certificates inside is none of theirs. */
const HEADER_CHARS_MAX = 1024
const KID_CHARS_MAX = 255

// The last part may be empty, so that an unsigned token is refused for what it is.
const SHAPE = /^([\w-]+)\.([\w-]+)\.[\w-]*$/

/** What a token says, once a key of its platform vouches for it. A key that the token itself carries or names is never looked at. */
export async function readSignedToken(rules: SignedTokenRules, token: string): Promise<Outcome<Claims>> {
  if (token.length > TOKEN_CHARS_MAX) return refused('proof_malformed')
  const [, encodedHeader = ''] = SHAPE.exec(token) ?? []
  const header = encodedHeader.length <= HEADER_CHARS_MAX ? jsonObject(Buffer.from(encodedHeader, 'base64url')) : null
  if (header === null) return refused('proof_malformed')
  // Extensions that must be understood, and a payload that is signed unencoded: no platform uses either.
  if (header['crit'] !== undefined || header['b64'] !== undefined) return refused('proof_malformed')
  const { alg, kid } = header
  if (!rules.algorithms.some((algorithm) => algorithm === alg)) return refused('proof_wrong_algorithm')
  if (typeof kid !== 'string' || kid.length > KID_CHARS_MAX) return refused('proof_unknown_key')
  const found = await rules.keys.find(kid)
  if (!found.ok) return found
  const { key, algorithm } = found.value
  if (algorithm !== alg) return refused('proof_wrong_algorithm')
  try {
    const { payload } = await compactVerify(token, key, { algorithms: [algorithm] })
    const claims = jsonObject(payload)
    return claims === null ? refused('proof_malformed') : accepted(claims)
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return refused('invalid_proof')
    if (error instanceof errors.JOSEError) return refused('proof_malformed')
    throw error
  }
}

/** Bytes as a JSON object; null for anything else, text that is no UTF-8 included. */
export function jsonObject(bytes: Uint8Array): Claims | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null
  } catch {
    return null
  }
}
