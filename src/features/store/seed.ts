import { type CurrencyCode, type MinorUnits, minorUnits } from '../../kernel/money.ts'
import type { CatalogueContent, DailyGift } from './rules.ts'

/** One pack as a new app's catalogue starts with it. Prices are minor units; bonuses whole per cents. */
export interface SeedItem {
  readonly itemId: number
  readonly nameEn: string
  readonly nameZh: string
  readonly prices: Readonly<Record<string, MinorUnits>>
  readonly coins: number
  readonly tokensBase: number
  readonly bonusPercent: number
  readonly firstChargeBonusPercent: number
  readonly premiumOnly: boolean
}

const USD = 'USD' as CurrencyCode

function pack(
  itemId: number,
  names: { en: string; zh: string },
  values: { usdCents: number; coins: number; tokens: number; bonus: number; firstBonus: number; premium?: boolean },
): SeedItem {
  return {
    itemId,
    nameEn: names.en,
    nameZh: names.zh,
    prices: { [USD]: minorUnits(values.usdCents) },
    coins: values.coins,
    tokensBase: values.tokens,
    bonusPercent: values.bonus,
    firstChargeBonusPercent: values.firstBonus,
    premiumOnly: values.premium ?? false,
  }
}

/** The store that every new app starts with; later edits live in the database. */
export const SEED_ITEMS: readonly SeedItem[] = [
  pack(
    1,
    { en: 'Starter Pack', zh: '入门礼包' },
    { usdCents: 1999, coins: 1000, tokens: 20, bonus: 0, firstBonus: 10 },
  ),
  pack(2, { en: 'Growth Pack', zh: '成长礼包' }, { usdCents: 2999, coins: 2000, tokens: 30, bonus: 0, firstBonus: 10 }),
  pack(
    3,
    { en: 'Advanced Pack', zh: '进阶礼包' },
    { usdCents: 4999, coins: 5000, tokens: 50, bonus: 0, firstBonus: 10 },
  ),
  pack(
    4,
    { en: 'Elite Pack', zh: '精英礼包' },
    { usdCents: 9999, coins: 10000, tokens: 100, bonus: 1, firstBonus: 15 },
  ),
  pack(
    5,
    { en: 'Premium Pack', zh: '尊享礼包' },
    { usdCents: 19999, coins: 20000, tokens: 200, bonus: 2, firstBonus: 15 },
  ),
  pack(
    6,
    { en: 'Deluxe Pack', zh: '豪华礼包' },
    { usdCents: 39999, coins: 40000, tokens: 400, bonus: 4, firstBonus: 25 },
  ),
  pack(
    7,
    { en: 'Legend Pack', zh: '传奇礼包' },
    { usdCents: 59999, coins: 60000, tokens: 600, bonus: 5, firstBonus: 25, premium: true },
  ),
  pack(
    8,
    { en: 'Mythic Pack', zh: '神话礼包' },
    { usdCents: 99999, coins: 100000, tokens: 1000, bonus: 6, firstBonus: 25, premium: true },
  ),
]

/** The daily gift's seven days, until an app has a calendar of its own. */
export const SEED_DAILY_GIFTS: readonly DailyGift[] = [
  { coins: 100, tokens: 0 },
  { coins: 200, tokens: 0 },
  { coins: 300, tokens: 0 },
  { coins: 400, tokens: 0 },
  { coins: 500, tokens: 0 },
  { coins: 800, tokens: 0 },
  { coins: 2000, tokens: 5 },
]

/** The content of a new app's first version. */
export const SEED_CONTENT: CatalogueContent = {
  items: SEED_ITEMS.map(({ itemId, nameEn, nameZh, prices, premiumOnly, ...terms }) => ({
    itemId,
    nameEn,
    nameZh,
    prices: new Map(Object.entries(prices) as [CurrencyCode, MinorUnits][]),
    terms: { ...terms, actItems: [] },
    premiumOnly,
    isOnSale: true,
  })),
  promotions: [],
  dailyGifts: SEED_DAILY_GIFTS,
}
