import { invariant } from '../../kernel/invariant.ts'
import type { CurrencyCode, MinorUnits, Money } from '../../kernel/money.ts'

/** An opaque extra that is told to the game with an item: never money. */
export interface ActItem {
  readonly id: string
  readonly name: string
  readonly num: number
}

/** One pack of the catalogue. */
export interface StoreItem {
  readonly itemId: number
  readonly nameEn: string
  readonly nameZh: string
  readonly prices: ReadonlyMap<CurrencyCode, MinorUnits>
  readonly terms: RewardTerms
  readonly premiumOnly: boolean
}

/** What an item gives: the part that an order freezes. */
export interface RewardTerms {
  readonly coins: number
  readonly tokensBase: number
  /** Whole per cents: 10 is 10 %. */
  readonly bonusPercent: number
  readonly firstChargeBonusPercent: number
  readonly actItems: readonly ActItem[]
}

/** What a grant credits: coins to the wallet, tokens (base and bonus apart) to the inbox. */
export interface Reward {
  readonly coins: number
  readonly tokensBase: number
  readonly tokensBonus: number
  readonly bonusPercent: number
  readonly isFirstCharge: boolean
}

/** Both thresholds must be met to see the premium packs. */
export const PREMIUM_COINS_MIN = 10_000
export const PREMIUM_LEVEL_HUNDREDTHS_MIN = 9_999

export function isPremium({ coins, level_hundredths }: { coins: number; level_hundredths: number }): boolean {
  return coins >= PREMIUM_COINS_MIN && level_hundredths >= PREMIUM_LEVEL_HUNDREDTHS_MIN
}

/** Everyone sees the ordinary packs; a premium player sees all. */
export function mayBuy(item: StoreItem, player: { coins: number; level_hundredths: number }): boolean {
  return !item.premiumOnly || isPremium(player)
}

/**
 * The reward of an item: `tokens = base + floor(base * bonus)`, in integers. On a first charge its bonus stands in
 * place of the normal one. A quantity multiplies what one piece gives, so that three pieces equal three purchases.
 */
export function rewardOf(
  terms: RewardTerms,
  { isFirstCharge, quantity }: { isFirstCharge: boolean; quantity: number },
): Reward {
  const bonusPercent = isFirstCharge ? terms.firstChargeBonusPercent : terms.bonusPercent
  const product = terms.tokensBase * bonusPercent
  invariant(Number.isSafeInteger(product), 'base times per cent stays countable')
  const bonusOfOne = (product - (product % 100)) / 100
  return {
    coins: terms.coins * quantity,
    tokensBase: terms.tokensBase * quantity,
    tokensBonus: bonusOfOne * quantity,
    bonusPercent,
    isFirstCharge,
  }
}

const LIST_CURRENCY = 'USD'

/** The price that the store shows: in US dollars where there is one, else in the first of its currencies by code. */
export function listPrice(item: StoreItem): Money | null {
  const [first] = [...item.prices.keys()].sort()
  const currency = item.prices.has(LIST_CURRENCY as CurrencyCode) ? (LIST_CURRENCY as CurrencyCode) : first
  const minor = currency === undefined ? undefined : item.prices.get(currency)
  return currency === undefined || minor === undefined ? null : { minor, currency }
}
