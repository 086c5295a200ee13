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

/** A time-limited better bonus: while it runs, a lower bonus of its items is raised to `bonusPercent`. */
export interface Promotion {
  readonly promotionId: string
  readonly nameEn: string
  readonly nameZh: string
  readonly bonusPercent: number
  readonly startsAtMs: number
  /** The first millisecond in which it is over. */
  readonly endsAtMs: number
  /** Empty: every item. */
  readonly itemIds: readonly number[]
}

/** What one day of the daily gift's streak gives. */
export interface DailyGift {
  readonly coins: number
  readonly tokens: number
}

/** An item as the catalogue keeps it; one that is not on sale stays for its history. */
export type CatalogueItem = StoreItem & { readonly isOnSale: boolean }

/** What people edit: everything that a version of the catalogue holds. */
export interface CatalogueContent {
  readonly items: readonly CatalogueItem[]
  readonly promotions: readonly Promotion[]
  /** Day 1 of the streak first; seven. */
  readonly dailyGifts: readonly DailyGift[]
}

/** An app's store as one version of its catalogue has it. */
export interface Catalogue {
  readonly version: number
  /** What is on sale, by id. */
  readonly items: ReadonlyMap<number, StoreItem>
  readonly promotions: readonly Promotion[]
  /** Day 1 of the streak first. */
  readonly dailyGifts: readonly DailyGift[]
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

/** An item with the terms that it has at a moment, or null when it is not on sale. */
export function itemAt(
  { items, promotions }: Catalogue,
  { itemId, nowMs }: { itemId: number; nowMs: number },
): StoreItem | null {
  const item = items.get(itemId)
  return item ? withPromotions(item, runningAt(promotions, nowMs)) : null
}

/** Everything on sale, with the terms that it has at a moment, by id. */
export function itemsAt({ items, promotions }: Catalogue, nowMs: number): StoreItem[] {
  const running = runningAt(promotions, nowMs)
  return [...items.values()].map((item) => withPromotions(item, running))
}

function runningAt(promotions: readonly Promotion[], nowMs: number): Promotion[] {
  return promotions.filter(({ startsAtMs, endsAtMs }) => startsAtMs <= nowMs && nowMs < endsAtMs)
}

/** A promotion raises both bonuses and lowers neither: it never makes a first charge worse. */
function withPromotions(item: StoreItem, running: readonly Promotion[]): StoreItem {
  let best = 0
  for (const { bonusPercent, itemIds } of running) {
    const isForItem = itemIds.length === 0 || itemIds.includes(item.itemId)
    if (isForItem && bonusPercent > best) best = bonusPercent
  }
  if (best === 0) return item
  const bonusPercent = Math.max(best, item.terms.bonusPercent)
  const firstChargeBonusPercent = Math.max(best, item.terms.firstChargeBonusPercent)
  return { ...item, terms: { ...item.terms, bonusPercent, firstChargeBonusPercent } }
}

const LIST_CURRENCY = 'USD'

/** The price that the store shows: in US dollars where there is one, else in the first of its currencies by code. */
export function listPrice(item: StoreItem): Money | null {
  const [first] = [...item.prices.keys()].sort()
  const currency = item.prices.has(LIST_CURRENCY as CurrencyCode) ? (LIST_CURRENCY as CurrencyCode) : first
  const minor = currency === undefined ? undefined : item.prices.get(currency)
  return currency === undefined || minor === undefined ? null : { minor, currency }
}
