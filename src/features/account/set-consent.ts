import { KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { lockActivePlayer, saveConsent } from '../players/index.ts'
import type { AccountDeps } from './log-in.ts'

/**
 * Keeps whether a player agrees that a store is told how their purchases were used. The time is that of the first yes since
 * the last no: said again, it changes nothing.
 */
export async function setConsent<A extends object>(
  deps: Pick<AccountDeps, 'database' | 'clock'>,
  said: { player: { appId: AppId; playerId: PlayerId }; isGiven: boolean; reply: Reply<boolean, A> },
): Promise<Outcome<A>> {
  const { player, isGiven, reply } = said
  return transactOnce(deps, { reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    const held = await lockActivePlayer(tx, player)
    if (!held) return refused('player_not_found')
    const atMs = isGiven ? (held.purchase_data_consent_at_ms ?? deps.clock.nowMs()) : null
    await saveConsent(tx, { playerId: player.playerId, atMs })
    return accepted(isGiven)
  })
}
