import { setTimeout as delay } from 'node:timers/promises'
import { oneAtATime } from '../../db/one-at-a-time.ts'
import type { Row } from '../../db/schema.ts'
import { findKeptAnswer, KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId, SessionId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { findIdentities, findPlayerByIdentity, insertIdentity, lockActivePlayer } from '../players/index.ts'
import { IDENTITIES_MAX } from './identity-rules.ts'
import type { AccountDeps } from './log-in.ts'
import { recordLink } from './login-events.ts'
import { proveIdentity } from './prove-identity.ts'
import { type LoginClaim, loginProviderOf } from './rules.ts'

type LinkDeps = Omit<AccountDeps, 'sessions'>

interface LinkInput<A extends object> {
  readonly session: { appId: AppId; sessionId: SessionId; playerId: PlayerId }
  readonly claim: LoginClaim
  readonly origin: Origin
  readonly reply: Reply<readonly Row<'identities'>[], A>
}

/**
 * Gives a player one more way to log in, proven as at login, and tells all that they have then. One that is theirs
 * already changes nothing. Of two players who link one identity at once, its key refuses the second, whose transaction
 * is run again and then finds the first: `identity_taken`.
 */
export async function linkIdentity<A extends object>(deps: LinkDeps, input: LinkInput<A>): Promise<Outcome<A>> {
  const { key } = input.reply
  let changed = false
  const noteChange = (made: boolean): void => {
    changed = made
  }
  const link = (): Promise<Outcome<A>> => proveAndLink(deps, { ...input, noteChange })
  // A code is spent before the transaction begins: of one key the next looks for its answer once that one is done.
  const outcome = await (key ? oneAtATime(deps.database, `link ${key.scope} ${key.key}`, link) : link())
  recordLink(deps.record, { ...input, provider: loginProviderOf(input.claim.loginType) }, { outcome, changed })
  return outcome
}

async function proveAndLink<A extends object>(
  deps: LinkDeps,
  input: LinkInput<A> & { noteChange(made: boolean): void },
): Promise<Outcome<A>> {
  const { session, claim, origin, reply } = input
  // A proof may work once only: a retry must find its answer before it is asked for the proof again.
  const kept = await findKeptAnswer<A>(deps, reply.key)
  if (kept) return kept
  const proven = await proveIdentity(deps, { session, claim, origin })
  if (!proven.ok) {
    const mayBeSpent = reply.key !== null && proven.refusal.code === 'invalid_code'
    return mayBeSpent ? answerOfAnotherProcess(deps, input) : proven
  }
  const { appId, playerId } = session
  const { provider, subject } = proven.value
  return transactOnce(deps, { reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    // It may be run again.
    input.noteChange(false)
    if (!(await lockActivePlayer(tx, session))) return refused('player_not_found')
    const own = await findIdentities(tx, { playerId })
    if (own.some((identity) => identity.provider === provider && identity.subject === subject)) return accepted(own)
    if (await findPlayerByIdentity(tx, { appId, provider, subject })) return refused('identity_taken')
    if (own.length >= IDENTITIES_MAX) return refused('too_many_identities')
    const nowMs = deps.clock.nowMs()
    // From here on nothing may be refused.
    await insertIdentity(tx, { appId, provider, subject, playerId, credentialHash: null, nowMs })
    input.noteChange(true)
    return accepted([
      ...own,
      { app_id: appId, provider, subject, user_id: playerId, created_at_ms: nowMs, credential_hash: null },
    ])
  })
}

// How long another process may take from spending the code to locking the key's row; a busy one gets a second look.
const LOOK_AGAIN_AFTER_MS = [100, 400]

/**
 * What another process answers that had the same key and code a moment earlier. The key's row is locked for it: where
 * that process is at work under it, its end is waited for.
 */
async function answerOfAnotherProcess<A extends object>(deps: LinkDeps, { reply }: LinkInput<A>): Promise<Outcome<A>> {
  for (const afterMs of LOOK_AGAIN_AFTER_MS) {
    await delay(afterMs)
    const look = { reply, keptForMs: KEPT_FOR_A_DAY_MS }
    const kept = await transactOnce(deps, look, async () => refused('invalid_code'))
    if (kept.ok || kept.refusal.code !== 'invalid_code') return kept
  }
  return refused('invalid_code')
}
