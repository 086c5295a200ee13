import type { Database } from '../../db/database.ts'
import { KEPT_FOR_A_DAY_MS, transactOnce } from '../../db/transact-once.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Reply } from '../../kernel/idempotency.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import { lockActivePlayer } from './lock-players.ts'
import { saveProgress } from './queries.ts'
import { parseLevel } from './rules.ts'

export interface PlayerDeps {
  readonly database: Database
  readonly clock: Clock
}

/** How far a player is in the game; a level is in whole hundredths. */
export interface Progress {
  readonly playerId: PlayerId
  readonly levelHundredths: number
  readonly vipLevel: number
}

/**
 * Takes over what the game server says of a player's progress; null leaves a figure as it is. It holds the player's
 * lock, so that of two syncs at once each is taken whole and a purchase sees the one or the other.
 */
export async function updateProgress<A extends object>(
  deps: PlayerDeps,
  told: { appId: AppId; playerId: PlayerId; level: number | null; vipLevel: number | null; reply: Reply<Progress, A> },
): Promise<Outcome<A>> {
  const { level, vipLevel } = told
  if (level === null && vipLevel === null) {
    const message = 'level or vip_level is required'
    return refused('invalid_fields', { details: ['level', 'vip_level'].map((path) => ({ path, message })) })
  }
  const levelHundredths = level === null ? null : parseLevel(level)
  if (level !== null && levelHundredths === null)
    return refusedField('level', 'must be a plain number with two decimals at most')
  return transactOnce(deps, { reply: told.reply, keptForMs: KEPT_FOR_A_DAY_MS }, async (tx) => {
    const player = await lockActivePlayer(tx, told)
    if (!player) return refused('player_not_found')
    // From here on nothing may be refused.
    const progress: Progress = {
      playerId: player.user_id,
      levelHundredths: levelHundredths ?? player.level_hundredths,
      vipLevel: vipLevel ?? player.vip_level,
    }
    await saveProgress(tx, progress)
    return accepted(progress)
  })
}
