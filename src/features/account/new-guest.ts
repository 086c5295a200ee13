import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { findIdentity } from '../players/index.ts'
import { type GuestCredential, type GuestCredentials, hashOfCredential } from './guest-credentials.ts'
import type { LoginClaim } from './rules.ts'

export interface NewGuestDeps {
  readonly database: Database
  readonly apps: Apps
  readonly clock: Clock
  readonly guests: GuestCredentials
}

/** How long after a guest was made a client whose answer was lost is told the credential again. */
const TOLD_AGAIN_FOR_MS = 10 * 60_000

/** Whether a login asks for a guest to be made: it names nobody and shows nothing. */
export function asksForGuest(claim: LoginClaim): boolean {
  return claim.loginType === 0 && claim.loginId === null && claim.credential === null
}

/**
 * The guest that this session makes, to be logged in like any proven identity. A session makes one, for ever the same:
 * of first logins at once, the identity's key lets one make the player, and all are told the same. Once the session is
 * the guest's, it is told again for ten minutes, and only while the guest still has that very credential. Everything
 * else is `session_bound`: a guest that was unlinked, a player of another login, a secret that was changed in between.
 */
export async function newGuest(
  deps: NewGuestDeps,
  session: { appId: AppId; sessionId: SessionId; playerId: PlayerId | null },
): Promise<Outcome<GuestCredential>> {
  const { appId, playerId } = session
  const guest = deps.guests.ofSession(session)
  const known = await findIdentity(deps.database.db, { appId, provider: 'guest', subject: guest.loginId })
  if (known === null) {
    if (playerId !== null) return refused('session_bound')
    return deps.apps.find(appId)?.logins.guest === true ? accepted(guest) : refused('login_type_unavailable')
  }
  // Before the session was bound, nobody was told anything: whatever died in between, the first answer is still due.
  const isDue =
    playerId === null || (known.user_id === playerId && known.created_at_ms + TOLD_AGAIN_FOR_MS > deps.clock.nowMs())
  const isOurs = known.credential_hash === hashOfCredential(guest.credential)
  return isDue && isOurs ? accepted(guest) : refused('session_bound')
}
