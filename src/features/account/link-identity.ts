import type { Row } from '../../db/schema.ts'
import { findKeptAnswer, KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { findIdentities, findPlayerByIdentity, insertIdentity, lockActivePlayer } from '../players/index.ts'
import { IDENTITIES_MAX } from './identity-rules.ts'
import type { AccountDeps } from './log-in.ts'
import { proveIdentity } from './prove-identity.ts'
import type { LoginClaim } from './rules.ts'

/**
 * Gives a player one more way to log in, proven as at login, and tells all that they have then. One that is theirs
 * already changes nothing. Of two players who link one identity at once, its key refuses the second, whose transaction
 * is run again and then finds the first: `identity_taken`.
 */
export async function linkIdentity<A extends object>(
  deps: Omit<AccountDeps, 'sessions'>,
  input: {
    session: { appId: AppId; sessionId: SessionId; playerId: PlayerId }
    claim: LoginClaim
    reply: Reply<readonly Row<'identities'>[], A>
  },
): Promise<Outcome<A>> {
  const { session, claim, reply } = input
  // A proof may work once only: a retry must find its answer before it is asked for the proof again.
  const kept = await findKeptAnswer<A>(deps, reply.key)
  if (kept) return kept
  const proven = await proveIdentity(deps, { session, claim })
  if (!proven.ok) return proven
  const { appId, playerId } = session
  const { provider, subject } = proven.value
  return transactOnce(deps, { reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    if (!(await lockActivePlayer(tx, session))) return refused('player_not_found')
    const own = await findIdentities(tx, { playerId })
    if (own.some((identity) => identity.provider === provider && identity.subject === subject)) return accepted(own)
    if (await findPlayerByIdentity(tx, { appId, provider, subject })) return refused('identity_taken')
    if (own.length >= IDENTITIES_MAX) return refused('too_many_identities')
    const nowMs = deps.clock.nowMs()
    // From here on nothing may be refused.
    await insertIdentity(tx, { appId, provider, subject, playerId, nowMs })
    return accepted([...own, { app_id: appId, provider, subject, user_id: playerId, created_at_ms: nowMs }])
  })
}
