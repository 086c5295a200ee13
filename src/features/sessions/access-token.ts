import { errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'

/** What an access token says, once its signature is checked. */
export type TokenClaims =
  | { readonly scope: 'client'; readonly appId: AppId; readonly sessionId: SessionId }
  | { readonly scope: 'server'; readonly appId: AppId; readonly secretFingerprint: string }

export interface AccessTokens {
  sign(claims: TokenClaims): Promise<string>
  /** `unauthorized` for what we did not sign, `token_expired` for what has run out. */
  verify(accessToken: string): Promise<Outcome<TokenClaims>>
}

/** Three hours, as the first release had it. */
export const ACCESS_TOKEN_SECONDS = 10_800

const ISSUER = 'payment-api'
// A verify costs some hundred microseconds, a look-up some eight; an entry is a few hundred bytes.
const VERIFIED_MAX = 20_000

/** Signs and checks access tokens (JWT, HS256), keeping those that were checked. */
export function openAccessTokens(deps: { secret: string; clock: Clock }): AccessTokens {
  const key = new TextEncoder().encode(deps.secret)
  const verified = new LRUCache<string, { claims: TokenClaims; expiresAtMs: number }>({ max: VERIFIED_MAX })
  return {
    async sign(claims) {
      const issuedAt = Math.floor(deps.clock.nowMs() / 1000)
      const subject = claims.scope === 'client' ? { sub: claims.sessionId } : { sk: claims.secretFingerprint }
      return await new SignJWT({ scope: claims.scope, app: claims.appId, ...subject })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setIssuer(ISSUER)
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
        .sign(key)
    },
    async verify(accessToken) {
      const nowMs = deps.clock.nowMs()
      const known = verified.get(accessToken)
      if (known) return known.expiresAtMs > nowMs ? accepted(known.claims) : refused('token_expired')
      try {
        const { payload } = await jwtVerify(accessToken, key, {
          algorithms: ['HS256'],
          issuer: ISSUER,
          requiredClaims: ['exp', 'scope', 'app'],
          currentDate: new Date(nowMs),
        })
        const claims = claimsOf(payload)
        if (!claims || payload.exp === undefined) return refused('unauthorized')
        verified.set(accessToken, { claims, expiresAtMs: payload.exp * 1000 })
        return accepted(claims)
      } catch (error) {
        if (error instanceof errors.JWTExpired) return refused('token_expired')
        if (error instanceof errors.JOSEError) return refused('unauthorized')
        throw error
      }
    },
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
