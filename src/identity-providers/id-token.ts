import { createHash } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import type { ErrorCode } from '../kernel/error-codes.ts'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import type { Proof, ProvenSubject } from './identity-provider.ts'
import { readName, readPictureUrl, readSubject } from './profile.ts'
import type { OidcSettings } from './settings.ts'
import { type Claims, readSignedToken, type SignedTokenRules } from './signed-token.ts'

/** How the identity tokens of one platform are checked for one app. */
export interface IdTokenRules extends SignedTokenRules {
  readonly clock: Clock
  readonly settings: OidcSettings
  /**
   * `plain_or_sha256`: the token may hold the hash of what the client knows, or say that it can hold none. `not_ours`: what
   * it holds is for whoever made the login.
   */
  readonly nonceForm: 'plain' | 'plain_or_sha256' | 'not_ours'
}

/** Between the platform's clock and ours: both are kept by NTP, to a second in bad times. A minute forgives a virtual machine that slept. */
export const SKEW_SECONDS = 60

/** Google's and Facebook's live for an hour, Apple's for a day at most; one that says more was made by mistake or by a thief. */
const LIFETIME_SECONDS_MAX = 24 * 60 * 60

/** Nobody plays under more ids than an app may list. */
const AUDIENCES_MAX = 20

/** Whom an identity token of OpenID Connect is of, once everything about it is as it must be. */
export async function proveByIdToken(rules: IdTokenRules, proof: Proof): Promise<Outcome<ProvenSubject>> {
  const read = await readSignedToken(rules, proof.credential)
  if (!read.ok) return read
  const claims = read.value
  const fault =
    originFault(rules.settings, claims) ??
    timeFault(claims, rules.clock.nowMs()) ??
    nonceFault(rules, { claims, proof })
  if (fault !== null) return refused(fault)
  const subject = readSubject(claims['sub'])
  if (subject === null) return refused('proof_malformed')
  // A mail address may stand there as well. It is of no use: it changes hands, and another platform may name it too.
  return accepted({ subject, name: readName(claims['name']), avatarUrl: readPictureUrl(claims['picture']) })
}

/** Whether it comes from this platform, and was made for this app. */
export function originFault(settings: OidcSettings, claims: Claims): ErrorCode | null {
  const { iss, aud, azp } = claims
  if (!settings.issuers.some((issuer) => issuer === iss)) return 'proof_wrong_issuer'
  const isOurs = (id: unknown): boolean => settings.clientIds.some((clientId) => clientId === id)
  const audiences: readonly unknown[] = Array.isArray(aud) ? aud : [aud]
  if (audiences.length < 1 || audiences.length > AUDIENCES_MAX) return 'proof_wrong_audience'
  if (!audiences.every(isOurs)) return 'proof_wrong_audience'
  // Of one audience it may be another id of the same game: on Android Google names the app there, and its server as audience.
  if (audiences.length > 1 && azp !== undefined && !isOurs(azp)) return 'proof_wrong_audience'
  return null
}

function timeFault(claims: Claims, nowMs: number): ErrorCode | null {
  const { exp, iat, nbf } = claims
  if (exp === undefined) return 'proof_expired'
  const isTime = (value: unknown): value is number => Number.isFinite(value)
  if (!isTime(exp) || (iat !== undefined && !isTime(iat)) || (nbf !== undefined && !isTime(nbf)))
    return 'proof_malformed'
  const nowSeconds = nowMs / 1000
  if (exp + SKEW_SECONDS <= nowSeconds) return 'proof_expired'
  if (Math.max(iat ?? 0, nbf ?? 0) > nowSeconds + SKEW_SECONDS) return 'proof_not_yet_valid'
  return exp - (iat ?? nowSeconds) > LIFETIME_SECONDS_MAX + SKEW_SECONDS ? 'invalid_proof' : null
}

/**
 * A nonce ties a token to one attempt to log in, so that a stolen one is worth nothing. Whoever names one must find it in
 * the token, and a token that holds one is only good with it.
 */
function nonceFault(rules: IdTokenRules, { claims, proof }: { claims: Claims; proof: Proof }): ErrorCode | null {
  if (rules.nonceForm === 'not_ours') return null
  const { nonce: held, nonce_supported: canHold } = claims
  const isApple = rules.nonceForm === 'plain_or_sha256'
  if (held === undefined || held === null) {
    const isExcused = isApple && canHold === false
    return rules.settings.nonceRequired || (proof.nonce !== null && !isExcused) ? 'proof_wrong_nonce' : null
  }
  if (proof.nonce === null) return 'proof_wrong_nonce'
  const isSame = held === proof.nonce || (isApple && held === sha256Hex(proof.nonce))
  return isSame ? null : 'proof_wrong_nonce'
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
