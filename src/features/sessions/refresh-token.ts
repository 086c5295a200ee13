import { equalTexts } from '../../kernel/equal-texts.ts'
import type { PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { KeyValueUnavailable } from '../../kv/kv.ts'
import { endOldestSessions, endStolenSession } from './end-sessions.ts'
import { type IssuedToken, newRefreshToken, type SessionDeps } from './issue-token.ts'
import { clientName, SESSIONS_MAX } from './rules.ts'
import { hashOfRefreshSecret, type Session } from './session-store.ts'
import { ACCESS_TOKEN_SECONDS } from './signing-key-rules.ts'

// Only this session's own client competes here: a login that binds it, or the same refresh token a second time.
const ATTEMPTS_MAX = 5

/**
 * Trades a refresh token for a new pair. The old one dies; whoever shows it again, a thief or the robbed, ends the
 * whole session, and those that its codes have opened. What never was a token of the session ends nothing: its id is no secret. Of two at once one wins, by
 * the store's compare-and-set.
 */
export async function refreshToken(
  deps: SessionDeps,
  input: { refreshToken: string; origin: Origin },
): Promise<Outcome<IssuedToken>> {
  const [sessionText = '', family = '', secret = ''] = input.refreshToken.split('.', 3)
  const sessionId = sessionText as SessionId
  const familyHash = hashOfRefreshSecret(family)
  const hash = hashOfRefreshSecret(secret)
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const session = await deps.sessions.find(sessionId)
    if (!session || !equalTexts(familyHash, session.familyHash)) return refused('session_revoked')
    if (!equalTexts(hash, session.refreshHash)) {
      const { appId, playerId } = session
      await endStolenSession(deps, { sessionId, playerId })
      const about = { appId, playerId, provider: null, outcome: 'token_reused' } as const
      deps.record({ kind: 'token_reused', ...about, origin: input.origin })
      return refused('token_reused')
    }
    const { playerId } = session
    // Before the old token dies: should the list be out of reach, it can be used again.
    if (playerId !== null) await keepListed(deps, { sessionId, playerId, userAgent: input.origin.userAgent })
    const next = newRefreshToken({ sessionId, family })
    // Refused also when a login has just bound the session: then the token is still good, and is tried again.
    if (!(await rotate(deps, { sessionId, from: session, refreshHash: next.hash }))) continue
    const token = await deps.accessTokens.sign({ scope: 'client', appId: session.appId, sessionId })
    return accepted({ token, expiresInSeconds: ACCESS_TOKEN_SECONDS, scope: 'client', refreshToken: next.token })
  }
  return refused('sessions_unavailable')
}

/**
 * Replaces the hash of the living token. A write whose answer is lost may have happened, and the client that is told to
 * come again would show a dead token and end its own session: so the store is asked once more.
 */
async function rotate(
  { sessions }: SessionDeps,
  { sessionId, from, refreshHash }: { sessionId: SessionId; from: Session; refreshHash: string },
): Promise<boolean> {
  try {
    return await sessions.replace(sessionId, { from, to: { ...from, refreshHash } })
  } catch (error) {
    if (!(error instanceof KeyValueUnavailable)) throw error
    const now = await sessions.find(sessionId)
    if (now?.refreshHash !== refreshHash) throw error
    return true
  }
}

/** Prolongs the list with its session. A list that has lost the session gets it back, as one that begins now. */
async function keepListed(
  deps: SessionDeps,
  { sessionId, playerId, userAgent }: { sessionId: SessionId; playerId: PlayerId; userAgent: string | undefined },
): Promise<void> {
  const known = (await deps.sessions.entries(playerId)).get(sessionId)
  const entry = known ?? { client: clientName(userAgent), startedAtMs: null, openedBy: null }
  const listed = await deps.sessions.enlist(playerId, { sessionId, ...entry })
  if (listed > SESSIONS_MAX) await endOldestSessions(deps, { playerId, begun: sessionId })
}
