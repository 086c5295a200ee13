import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import type { Apps } from '../apps/index.ts'
import { canClaim, lastGiftOf, type Moment } from './rules.ts'

/** Whether a player, as just read, can claim today's gift now. */
export function isGiftWaiting(deps: { apps: Apps; clock: Clock }, player: Row<'users'>): boolean {
  return canClaim(lastGiftOf(player), momentIn(deps, player.app_id))
}

/** Now, where the app turns its day. */
export function momentIn({ apps, clock }: { apps: Apps; clock: Clock }, appId: AppId): Moment {
  const app = apps.find(appId)
  invariant(app, `a caller's app is configured: ${appId}`)
  return { nowMs: clock.nowMs(), timeZone: app.timeZone }
}
