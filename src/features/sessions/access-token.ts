import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Keyring } from './keyring.ts'
import type { OpenedKey } from './signing-key.ts'
import { ACCESS_TOKEN_SECONDS } from './signing-key-rules.ts'

/** What an access token says, once its signature is checked. */
export type TokenClaims =
  | { readonly scope: 'client'; readonly appId: AppId; readonly sessionId: SessionId }
  | { readonly scope: 'server'; readonly appId: AppId; readonly secretFingerprint: string }

export interface AccessTokens {
  sign(claims: TokenClaims): Promise<string>
  /** `unauthorized` for what we did not sign, `token_expired` for what has run out. */
  verify(accessToken: string): Promise<Outcome<TokenClaims>>
}

const ISSUER = 'payment-api'
const TYPE = 'JWT'
// Two machines of ours may disagree by so much on what time it is; doctor says when they do.
const CLOCKS_APART_SECONDS = 60
// A check costs fifty to a hundred microseconds, a look-up one; an entry is a few hundred bytes.
const VERIFIED_MAX = 20_000

interface Verified {
  readonly kid: string | null
  readonly claims: TokenClaims
  readonly expiresAtMs: number
}

/**
 * Signs and checks access tokens (JWT), keeping those that were checked. The head of a token only names its key: the key
 * says by which algorithm it is checked.
 */
export function openAccessTokens(deps: { keyring: Keyring; clock: Clock }): AccessTokens {
  const { keyring, clock } = deps
  const verified = new LRUCache<string, Verified>({ max: VERIFIED_MAX })

  const judge = async (accessToken: string, key: OpenedKey): Promise<Outcome<Verified>> => {
    const nowMs = clock.nowMs()
    const { payload } = await jwtVerify(accessToken, key.verifyBy, {
      algorithms: [key.alg],
      issuer: ISSUER,
      typ: TYPE,
      requiredClaims: ['exp', 'iat', 'scope', 'app'],
      clockTolerance: CLOCKS_APART_SECONDS,
      currentDate: new Date(nowMs),
    })
    const claims = claimsOf(payload)
    const { exp, iat } = payload
    if (claims === null || exp === undefined || iat === undefined) return refused('unauthorized')
    if (iat * 1000 > nowMs + CLOCKS_APART_SECONDS * 1000) return refused('unauthorized')
    return accepted({ kid: key.kid, claims, expiresAtMs: exp * 1000 })
  }

  /** The last word, for a token that has just been checked and for one that was checked before. */
  const allow = ({ kid, claims, expiresAtMs }: Verified): Outcome<TokenClaims> => {
    if (expiresAtMs <= clock.nowMs()) return refused('token_expired')
    // Its key was revoked meanwhile: nothing that it has signed counts.
    if (keyring.find(kid) === null) return refused('unauthorized')
    return keyring.isRetired(kid) ? refused('token_expired') : accepted(claims)
  }

  return {
    async sign(claims) {
      const { kid, alg, signBy } = keyring.signer()
      const issuedAt = Math.floor(clock.nowMs() / 1000)
      const subject = claims.scope === 'client' ? { sub: claims.sessionId } : { sk: claims.secretFingerprint }
      return await new SignJWT({ scope: claims.scope, app: claims.appId, ...subject })
        .setProtectedHeader({ alg, typ: TYPE, ...(kid === null ? {} : { kid }) })
        .setIssuer(ISSUER)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .sign(signBy)
    },
    async verify(accessToken) {
      const known = verified.get(accessToken)
      if (known) return allow(known)
      const kid = kidOf(accessToken)
      const key = kid === undefined ? null : await keyring.look(kid)
      if (key === null) return refused('unauthorized')
      try {
        const judged = await judge(accessToken, key)
        if (!judged.ok) return judged
        verified.set(accessToken, judged.value)
        return allow(judged.value)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return refused('token_expired')
        if (error instanceof errors.JOSEError) return refused('unauthorized')
        throw error
      }
    },
  }
}

/** Which key a token names, before anything of it is believed; null: none. Undefined for what is no token. */
function kidOf(accessToken: string): string | null | undefined {
  try {
    const { kid = null } = decodeProtectedHeader(accessToken)
    return kid === null || typeof kid === 'string' ? kid : undefined
  } catch {
    return undefined
  }
}

function claimsOf(payload: Record<string, unknown>): TokenClaims | null {
  const { scope, app, sub, sk } = payload
  if (typeof app !== 'string') return null
  if (scope === 'client' && typeof sub === 'string') {
    return { scope, appId: app as AppId, sessionId: sub as SessionId }
  }
  if (scope === 'server' && typeof sk === 'string') return { scope, appId: app as AppId, secretFingerprint: sk }
  return null
}
