import type { Caller } from '../../kernel/caller.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { SessionDeps } from './issue-token.ts'

/**
 * Who an access token stands for. A server token needs no store, so payments go on with sessions out of reach; a client
 * token costs one look-up, so that an ended session is over at once.
 */
export async function authenticateCaller(deps: SessionDeps, accessToken: string): Promise<Outcome<Caller>> {
  const verified = await deps.accessTokens.verify(accessToken)
  if (!verified.ok) return verified
  const claims = verified.value
  const app = deps.apps.find(claims.appId)
  if (!app) return refused('unauthorized')
  if (claims.scope === 'server') {
    return deps.apps.hasSecret(app, claims.secretFingerprint)
      ? accepted({ kind: 'server', appId: app.appId })
      : refused('session_revoked')
  }
  const session = await deps.sessions.find(claims.sessionId)
  if (!session || session.appId !== app.appId) return refused('session_revoked')
  return accepted({ kind: 'client', appId: app.appId, sessionId: claims.sessionId, playerId: session.playerId })
}
