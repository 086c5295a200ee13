import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { findPlayer, findPlayerByIdentity, insertIdentity, insertPlayer } from './queries.ts'
import { CHAIN_START } from './rules.ts'

const NO_PROFILE = { userName: '', avatarUrl: '' }

/**
 * The player of a proven identity, made at the first login. Two first logins at once make one player: the identity's
 * key refuses the second, whose transaction is run again and then finds the first. Who has invited the player is
 * written when the player is made, and never later; whoever could not have is ignored. An inviter is there already, so
 * nobody is invited by themselves, and no two by each other.
 */
export async function findOrCreatePlayer(
  deps: { database: Database; clock: Clock },
  entrant: {
    appId: AppId
    provider: string
    subject: string
    inviterId: PlayerId | null
    /** Of a guest's credential; an identity that is proven by something else has none. */
    credentialHash?: string | null
    /** How a player who is new is shown at first. */
    profile?: { userName: string; avatarUrl: string }
  },
): Promise<{ player: Row<'users'>; isNew: boolean }> {
  const { inviterId, credentialHash = null, profile = NO_PROFILE, ...identity } = entrant
  const known = await findPlayerByIdentity(deps.database.db, identity)
  if (known) return { player: known, isNew: false }
  return deps.database.inTransaction(async (tx) => {
    const raced = await findPlayerByIdentity(tx, identity)
    if (raced) return { player: raced, isNew: false }
    const nowMs = deps.clock.nowMs()
    const { appId } = identity
    const inviter = inviterId === null ? null : await findPlayer(tx, { appId, playerId: inviterId })
    const playerId = await insertPlayer(tx, {
      ...{ appId, ...profile, chainHash: CHAIN_START, nowMs },
      inviterId: inviter?.status === 'active' ? inviter.user_id : null,
    })
    await insertIdentity(tx, { ...identity, playerId, credentialHash, nowMs })
    const player = await findPlayer(tx, { appId, playerId })
    invariant(player, `player ${playerId} was just made`)
    return { player, isNew: true }
  })
}
