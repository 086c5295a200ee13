import { randomBytes } from 'node:crypto'
import { type AppId, newSessionId, type SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import type { Apps } from '../apps/index.ts'
import type { AccessTokens } from './access-token.ts'
import type { HandoverCodes } from './handover-codes.ts'
import { hashOfRefreshSecret, type SessionStore } from './session-store.ts'
import { ACCESS_TOKEN_SECONDS } from './signing-key-rules.ts'

export interface SessionDeps {
  readonly apps: Apps
  readonly accessTokens: AccessTokens
  readonly sessions: SessionStore
  readonly handoverCodes: HandoverCodes
  readonly record: RecordSecurityEvent
}

/** What a client is handed; a server token has no refresh token. */
export interface IssuedToken {
  readonly token: string
  readonly expiresInSeconds: number
  readonly scope: 'client' | 'server'
  readonly refreshToken: string | null
}

/**
 * Starts an anonymous client session, or, with an app's secret, gives a stateless server token that is bound to that
 * very secret: removing the secret ends it.
 */
export async function issueToken(
  deps: SessionDeps,
  input: { appId: string; appSecret: string | null; origin: Origin },
): Promise<Outcome<IssuedToken>> {
  const app = deps.apps.find(input.appId)
  if (!app) return refused('invalid_app')
  if (input.appSecret !== null) {
    const secretFingerprint = deps.apps.matchSecret(app, input.appSecret)
    if (secretFingerprint === null) {
      const about = { appId: app.appId, playerId: null, provider: null, outcome: 'invalid_app' } as const
      deps.record({ kind: 'server_token_refused', ...about, origin: input.origin })
      return refused('invalid_app')
    }
    const token = await deps.accessTokens.sign({ scope: 'server', appId: app.appId, secretFingerprint })
    return accepted({ token, expiresInSeconds: ACCESS_TOKEN_SECONDS, scope: 'server', refreshToken: null })
  }
  return accepted((await startSession(deps, app.appId)).issued)
}

/** Starts a session that is nobody's yet. */
export async function startSession(
  deps: Pick<SessionDeps, 'accessTokens' | 'sessions'>,
  appId: AppId,
): Promise<{ sessionId: SessionId; issued: IssuedToken }> {
  const sessionId = newSessionId()
  const family = newRefreshSecret()
  const refresh = newRefreshToken({ sessionId, family })
  const hashes = { familyHash: hashOfRefreshSecret(family), refreshHash: refresh.hash }
  await deps.sessions.create(sessionId, { appId, playerId: null, ...hashes })
  const token = await deps.accessTokens.sign({ scope: 'client', appId, sessionId })
  const issued = {
    token,
    expiresInSeconds: ACCESS_TOKEN_SECONDS,
    scope: 'client',
    refreshToken: refresh.token,
  } as const
  return { sessionId, issued }
}

/**
 * A refresh token: its session, what all tokens of the session carry, and a secret of its own. Of both only hashes are
 * kept. The part in common tells a token that has died from a guess, however long ago it died.
 */
export function newRefreshToken(of: { sessionId: SessionId; family: string }): { token: string; hash: string } {
  const secret = newRefreshSecret()
  return { token: `${of.sessionId}.${of.family}.${secret}`, hash: hashOfRefreshSecret(secret) }
}

/** 256 bits that nobody guesses. */
function newRefreshSecret(): string {
  return randomBytes(32).toString('base64url')
}
