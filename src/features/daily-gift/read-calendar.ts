import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { findPlayer } from '../players/index.ts'
import type { Catalogues } from '../store/index.ts'
import { momentIn } from './is-gift-waiting.ts'
import { type Calendar, calendarOf, lastGiftOf } from './rules.ts'

export interface DailyGiftDeps {
  readonly database: Database
  readonly apps: Apps
  readonly catalogues: Catalogues
  readonly clock: Clock
}

/** The seven days of the gift as they stand for a player now. */
export async function readCalendar(
  deps: DailyGiftDeps,
  { appId, playerId }: { appId: AppId; playerId: PlayerId },
): Promise<Outcome<Calendar>> {
  const player = await findPlayer(deps.database.db, { appId, playerId })
  if (player?.status !== 'active') return refused('player_not_found')
  const { dailyGifts } = await deps.catalogues.of(appId)
  return accepted(calendarOf(lastGiftOf(player), { ...momentIn(deps, appId), gifts: dailyGifts }))
}
