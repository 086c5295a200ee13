import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { readPlayer } from '../players/index.ts'
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
  const player = await readPlayer(deps, { appId, playerId })
  if (!player.ok) return player
  const { dailyGifts } = await deps.catalogues.of(appId)
  return accepted(calendarOf(lastGiftOf(player.value), { ...momentIn(deps, appId), gifts: dailyGifts }))
}
