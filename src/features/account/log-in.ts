import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import type { Apps } from '../apps/index.ts'
import { findOrCreatePlayer, findPlayer, findPlayerByIdentity } from '../players/index.ts'
import { bindSession, type SessionStore } from '../sessions/index.ts'
import { endIfErased } from './end-if-erased.ts'
import { type ProveDeps, proveIdentity } from './prove-identity.ts'
import type { LoginClaim } from './rules.ts'

export interface AccountDeps extends ProveDeps {
  readonly database: Database
  readonly apps: Apps
  readonly sessions: SessionStore
  readonly clock: Clock
  readonly record: RecordSecurityEvent
}

export interface LoggedIn {
  readonly player: Row<'users'>
  readonly isNew: boolean
}

/** Finds or makes the player of a proven identity and binds the session to it. */
export async function logIn(
  deps: AccountDeps,
  input: {
    session: { appId: AppId; sessionId: SessionId; playerId: PlayerId | null }
    claim: LoginClaim
    origin: Origin
  },
): Promise<Outcome<LoggedIn>> {
  const { session } = input
  const identity = await proveIdentity(deps, input)
  if (!identity.ok) return identity
  const { provider, subject } = identity.value
  const known = { appId: session.appId, provider, subject }
  if (session.playerId !== null) {
    // The session is somebody's already: a stranger's identity is refused, and must not become a player on the way.
    const player = await findPlayerByIdentity(deps.database.db, known)
    return player?.user_id === session.playerId ? accepted({ player, isNew: false }) : refused('session_bound')
  }
  const found = await findOrCreatePlayer(deps, known)
  const { sessionId } = session
  const bound = await bindSession(deps, {
    sessionId,
    playerId: found.player.user_id,
    userAgent: input.origin.userAgent,
  })
  if (!bound.ok) return bound
  if (await endIfErased(deps, { ...session, playerId: found.player.user_id })) return refused('session_revoked')
  return accepted(found)
}

/** The player as the login answer shows them, fresh from the database. */
export async function refreshAccount(
  deps: AccountDeps,
  player: { appId: AppId; playerId: PlayerId },
): Promise<Outcome<LoggedIn>> {
  const found = await findPlayer(deps.database.db, player)
  if (found?.status !== 'active') return refused('player_not_found')
  return accepted({ player: found, isNew: false })
}
