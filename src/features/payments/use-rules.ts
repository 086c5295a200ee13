const WHOLE_MILLI_PERCENT = 100_000n

/**
 * How much of what an order gave is gone, in thousandths of a percent, rounded down. Coins are alike, so a rule has to say
 * which are spent first: those that the player had before, as in any store of goods. What was bought is then gone by as
 * much as was spent since beyond that, and never by more than that. Rewards count where an order gave no coins: they are
 * gone once they were claimed.
 */
export function usedMilliPercent(facts: {
  /** What the order gave. */
  coins: number
  /** What the player had before; below zero after a refund of what was spent. */
  coinsBefore: number
  /** What the player has spent in the game since. */
  coinsSpentSince: number
  isRewardClaimed: boolean
}): number {
  const { coins, coinsBefore, coinsSpentSince, isRewardClaimed } = facts
  if (coins === 0) return isRewardClaimed ? Number(WHOLE_MILLI_PERCENT) : 0
  const gone = Math.min(coins, Math.max(0, coinsSpentSince - Math.max(0, coinsBefore)))
  return Number((BigInt(gone) * WHOLE_MILLI_PERCENT) / BigInt(coins))
}
