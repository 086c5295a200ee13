import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import { readPlayer } from '../players/index.ts'
import type { Catalogues } from './catalogue.ts'
import { itemsAt, mayBuy, type Reward, rewardOf, type StoreItem } from './rules.ts'

export interface StoreDeps {
  readonly database: Database
  readonly catalogues: Catalogues
  readonly clock: Clock
}

/** The store as one player sees it now. */
export interface PlayerStore {
  readonly isFirstCharge: boolean
  readonly offers: readonly { readonly item: StoreItem; readonly reward: Reward }[]
}

/** Lists what a player may buy, each item with what it would give this player now. */
export async function listItems(
  deps: StoreDeps,
  { appId, playerId }: { appId: AppId; playerId: PlayerId },
): Promise<Outcome<PlayerStore>> {
  const found = await readPlayer(deps, { appId, playerId })
  if (!found.ok) return found
  const player = found.value
  const catalogue = await deps.catalogues.of(appId)
  const isFirstCharge = player.first_charge_order_id === null
  const offers = itemsAt(catalogue, deps.clock.nowMs())
    .filter((item) => mayBuy(item, player))
    .map((item) => ({ item, reward: rewardOf(item.terms, { isFirstCharge, quantity: 1 }) }))
  return accepted({ isFirstCharge, offers })
}
