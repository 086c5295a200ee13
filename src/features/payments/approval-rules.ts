import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { mayStillBePaid } from '../orders/index.ts'
import { mayBuy, type Reward, rewardOf, type StoreItem } from '../store/index.ts'
import { wouldOverflow } from '../wallet/index.ts'
import { type KnownOrder, type KnownPlayer, mayBeFirstCharge } from './rules.ts'

/** What an approval gives, and whether to the order that the payment named. */
export interface Approval {
  /** False: an order of our own id is made, to which the payment points from then on. */
  readonly takesNamedOrder: boolean
  readonly reward: Reward
}

/**
 * Decides what a person's approval of paid money grants, from facts that were read under lock. The order that the
 * payment named takes it where it is for the same player and item and was never granted; its price becomes what was
 * paid. Whether it is a first charge, and whether the player may have the item, is decided by how the player stands now.
 */
export function decideApproval(facts: {
  paid: {
    readonly playerId: PlayerId
    readonly itemId: number
    readonly quantity: number
    readonly priceMinor: number
    /** For the whole payment; null: the sum of its prices. */
    readonly chargedMinor: number | null
  }
  wanted: { readonly playerId: PlayerId; readonly itemId: number }
  /** The order that the payment named. */
  order: KnownOrder | null
  /** Null: unknown, erased, or of another app. */
  player: KnownPlayer | null
  item: StoreItem | null
}): Outcome<Approval> {
  const { paid, wanted, order, player, item } = facts
  if (!player) return refused('player_not_found')
  const isAsPaid = wanted.playerId === paid.playerId && wanted.itemId === paid.itemId
  const takesNamedOrder = isAsPaid && (order === null || isOpenFor(order, paid))
  const frozen = takesNamedOrder && order?.terms === 'frozen' ? order.rewardTerms : null
  if (!frozen && !item) return refused('item_not_found')
  if (!frozen && item && !mayBuy(item, player)) return refused('item_locked')
  const terms = frozen ?? item?.terms
  if (!terms) return refused('item_not_found')
  const isFirstCharge = mayBeFirstCharge(paid) && player.first_charge_order_id === null
  const reward = rewardOf(terms, { isFirstCharge, quantity: paid.quantity })
  const given = { coins: reward.coins, tokens: reward.tokensBase + reward.tokensBonus }
  if (wouldOverflow(player, given)) return refused('balance_overflow')
  return accepted({ takesNamedOrder, reward })
}

function isOpenFor(order: KnownOrder, paid: { playerId: PlayerId; itemId: number; quantity: number }): boolean {
  const isSame = order.playerId === paid.playerId && order.itemId === paid.itemId && order.quantity === paid.quantity
  return isSame && !order.wasGranted && mayStillBePaid(order.status)
}
