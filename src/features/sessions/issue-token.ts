import { randomBytes } from 'node:crypto'
import { newSessionId, type SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { ACCESS_TOKEN_SECONDS, type AccessTokens } from './access-token.ts'
import { hashOfRefreshSecret, type SessionStore } from './session-store.ts'

export interface SessionDeps {
  readonly apps: Apps
  readonly accessTokens: AccessTokens
  readonly sessions: SessionStore
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
  input: { appId: string; appSecret: string | null },
): Promise<Outcome<IssuedToken>> {
  const app = deps.apps.find(input.appId)
  if (!app) return refused('invalid_app')
  if (input.appSecret !== null) {
    const secretFingerprint = deps.apps.matchSecret(app, input.appSecret)
    if (secretFingerprint === null) return refused('invalid_app')
    const token = await deps.accessTokens.sign({ scope: 'server', appId: app.appId, secretFingerprint })
    return accepted({ token, expiresInSeconds: ACCESS_TOKEN_SECONDS, scope: 'server', refreshToken: null })
  }
  const sessionId = newSessionId()
  const refresh = newRefreshToken(sessionId)
  await deps.sessions.create(sessionId, { appId: app.appId, playerId: null, refreshHash: refresh.hash })
  const token = await deps.accessTokens.sign({ scope: 'client', appId: app.appId, sessionId })
  return accepted({ token, expiresInSeconds: ACCESS_TOKEN_SECONDS, scope: 'client', refreshToken: refresh.token })
}

/** A refresh token names its session and proves itself by a secret of 256 bits, of which only the hash is kept. */
export function newRefreshToken(sessionId: SessionId): { token: string; hash: string } {
  const secret = randomBytes(32).toString('base64url')
  return { token: `${sessionId}.${secret}`, hash: hashOfRefreshSecret(secret) }
}
