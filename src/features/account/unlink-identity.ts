import type { Row } from '../../db/schema.ts'
import { KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin } from '../../kernel/security-event.ts'
import { deleteIdentity, findIdentities, lockActivePlayer } from '../players/index.ts'
import { namedIdentity } from './identity-rules.ts'
import type { AccountDeps } from './log-in.ts'
import { recordUnlink } from './login-events.ts'
import { loginProviderOf } from './rules.ts'

/**
 * Takes a way to log in from a player and tells what is left. The last one stays: `last_identity`. Decided under the
 * player's lock, so that of two at once that would take the last two, one is refused. Sessions go on.
 */
export async function unlinkIdentity<A extends object>(
  deps: Pick<AccountDeps, 'database' | 'clock' | 'record'>,
  input: {
    player: { appId: AppId; playerId: PlayerId }
    named: { loginType: number; loginId: string }
    origin: Origin
    reply: Reply<readonly Row<'identities'>[], A>
  },
): Promise<Outcome<A>> {
  const { appId, playerId } = input.player
  const named = namedIdentity(input.named)
  let removed = false
  const outcome = await transactOnce(deps, { reply: input.reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    // It may be run again.
    removed = false
    if (!(await lockActivePlayer(tx, input.player))) return refused('player_not_found')
    const own = await findIdentities(tx, { playerId })
    const gone = own.find(({ provider, subject }) => provider === named?.provider && subject === named.subject)
    if (!gone) return refused('identity_not_found')
    if (own.length === 1) return refused('last_identity')
    // From here on nothing may be refused.
    await deleteIdentity(tx, { appId, provider: gone.provider, subject: gone.subject, playerId })
    removed = true
    return accepted(own.filter((identity) => identity !== gone))
  })
  if (outcome.ok && removed) {
    const { player: session, origin } = input
    recordUnlink(deps.record, { session, provider: loginProviderOf(input.named.loginType), origin })
  }
  return outcome
}
