import type { Row } from '../../db/schema.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import { findOrCreatePlayer, findPlayer, findPlayerByIdentity } from '../players/index.ts'
import { bindSession, type SessionStore } from '../sessions/index.ts'
import { endIfErased } from './end-if-erased.ts'
import { type GuestCredential, hashOfCredential } from './guest-credentials.ts'
import { recordLogin } from './login-events.ts'
import { asksForGuest, type NewGuestDeps, newGuest } from './new-guest.ts'
import { firstProfile } from './profile-rules.ts'
import { type ProveDeps, type ProvenIdentity, proveIdentity } from './prove-identity.ts'
import { type LoginClaim, loginProviderOf } from './rules.ts'

export interface AccountDeps extends ProveDeps, NewGuestDeps {
  readonly sessions: SessionStore
  readonly record: RecordSecurityEvent
}

export interface LoggedIn {
  readonly player: Row<'users'>
  readonly isNew: boolean
  /** What a guest who was just made logs in with from now on. */
  readonly guest: GuestCredential | null
}

interface LoginInput {
  readonly session: { appId: AppId; sessionId: SessionId; playerId: PlayerId | null }
  readonly claim: LoginClaim
  /** By an address no credential travels, so that no guest is made there. */
  readonly by: 'address' | 'body'
  readonly origin: Origin
  /** Whom the player names as their inviter; it counts for a new player only. */
  readonly inviterId: PlayerId | null
}

/** Finds or makes the player of a proven identity, or a new guest, and binds the session to it. */
export async function logIn(deps: AccountDeps, input: LoginInput): Promise<Outcome<LoggedIn>> {
  const outcome = await logInWith(deps, input)
  recordLogin(deps.record, { ...input, provider: loginProviderOf(input.claim.loginType) }, outcome)
  return outcome
}

async function logInWith(deps: AccountDeps, input: LoginInput): Promise<Outcome<LoggedIn>> {
  const { session } = input
  const entrant = await identify(deps, input)
  if (!entrant.ok) return entrant
  const { provider, subject, guest } = entrant.value
  const known = { appId: session.appId, provider, subject }
  if (session.playerId !== null) {
    // The session is somebody's already: a stranger's identity is refused, and must not become a player on the way.
    const player = await findPlayerByIdentity(deps.database.db, known)
    return player?.user_id === session.playerId ? accepted({ player, isNew: false, guest }) : refused('session_bound')
  }
  const found = await findOrCreatePlayer(deps, {
    ...known,
    inviterId: input.inviterId,
    credentialHash: guest && hashOfCredential(guest.credential),
    profile: firstProfile(entrant.value),
  })
  const { sessionId } = session
  const bound = await bindSession(deps, {
    sessionId,
    playerId: found.player.user_id,
    userAgent: input.origin.userAgent,
  })
  if (!bound.ok) return bound
  if (await endIfErased(deps, { ...session, playerId: found.player.user_id })) return refused('session_revoked')
  return accepted({ ...found, guest })
}

/** Who comes in: a guest that is made for it, or whomever the claim proves. */
async function identify(
  deps: AccountDeps,
  input: LoginInput,
): Promise<Outcome<ProvenIdentity & { guest: GuestCredential | null }>> {
  if (!asksForGuest(input.claim)) {
    const proven = await proveIdentity(deps, input)
    return proven.ok ? accepted({ ...proven.value, guest: null }) : proven
  }
  if (input.by === 'address') return refused('proof_required')
  const made = await newGuest(deps, input.session)
  if (!made.ok) return made
  return accepted({ provider: 'guest', subject: made.value.loginId, name: null, avatarUrl: null, guest: made.value })
}

/** The player as the login answer shows them, fresh from the database. */
export async function refreshAccount(
  deps: AccountDeps,
  player: { appId: AppId; playerId: PlayerId },
): Promise<Outcome<LoggedIn>> {
  const found = await findPlayer(deps.database.db, player)
  if (found?.status !== 'active') return refused('player_not_found')
  return accepted({ player: found, isNew: false, guest: null })
}
