import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import type { ActItem, CatalogueContent, CatalogueItem, DailyGift, Promotion } from './rules.ts'

/** A catalogue's content as plain JSON: what a version keeps, and what programs are shown. */
export interface CatalogueJson {
  readonly items: readonly ItemJson[]
  readonly promotions: readonly PromotionJson[]
  readonly daily_gifts: readonly DailyGiftJson[]
}

export interface ItemJson {
  readonly id: number
  readonly name_en: string
  readonly name_zh: string
  /** Minor units by currency. */
  readonly prices_minor: Readonly<Record<string, number>>
  readonly coins: number
  readonly tokens_base: number
  readonly bonus_percent: number
  readonly first_charge_bonus_percent: number
  readonly act_items: readonly ActItem[]
  readonly premium_only: boolean
  readonly on_sale: boolean
}

export interface PromotionJson {
  readonly id: string
  readonly name_en: string
  readonly name_zh: string
  readonly bonus_percent: number
  readonly starts_at_ms: number
  readonly ends_at_ms: number
  /** Empty: every item. */
  readonly item_ids: readonly number[]
}

export interface DailyGiftJson {
  readonly day: number
  readonly coins: number
  readonly tokens: number
}

/** The content as JSON in one fixed order, whatever order it was given in: equal contents are equal texts. */
export function contentJson({ items, promotions, dailyGifts }: CatalogueContent): CatalogueJson {
  return {
    items: items.toSorted((a, b) => a.itemId - b.itemId).map(itemJson),
    promotions: promotions.toSorted((a, b) => byCode(a.promotionId, b.promotionId)).map(promotionJson),
    daily_gifts: dailyGifts.map(({ coins, tokens }, index) => ({ day: index + 1, coins, tokens })),
  }
}

/** The text that a version keeps. */
export function writeContent(content: CatalogueContent): string {
  return JSON.stringify(contentJson(content))
}

/** Reads what `writeContent` wrote. */
export function readContent(text: string): CatalogueContent {
  const json = JSON.parse(text) as CatalogueJson
  return {
    items: json.items.map(itemOf),
    promotions: json.promotions.map(promotionOf),
    dailyGifts: json.daily_gifts.map(({ coins, tokens }): DailyGift => ({ coins, tokens })),
  }
}

function itemJson({ itemId, nameEn, nameZh, prices, terms, premiumOnly, isOnSale }: CatalogueItem): ItemJson {
  return {
    id: itemId,
    name_en: nameEn,
    name_zh: nameZh,
    prices_minor: Object.fromEntries([...prices].toSorted(([a], [b]) => byCode(a, b))),
    coins: terms.coins,
    tokens_base: terms.tokensBase,
    bonus_percent: terms.bonusPercent,
    first_charge_bonus_percent: terms.firstChargeBonusPercent,
    act_items: terms.actItems.map(({ id, name, num }) => ({ id, name, num })),
    premium_only: premiumOnly,
    on_sale: isOnSale,
  }
}

function itemOf(json: ItemJson): CatalogueItem {
  return {
    itemId: json.id,
    nameEn: json.name_en,
    nameZh: json.name_zh,
    prices: new Map(Object.entries(json.prices_minor) as [CurrencyCode, MinorUnits][]),
    terms: {
      coins: json.coins,
      tokensBase: json.tokens_base,
      bonusPercent: json.bonus_percent,
      firstChargeBonusPercent: json.first_charge_bonus_percent,
      actItems: json.act_items,
    },
    premiumOnly: json.premium_only,
    isOnSale: json.on_sale,
  }
}

function promotionJson(promotion: Promotion): PromotionJson {
  return {
    id: promotion.promotionId,
    name_en: promotion.nameEn,
    name_zh: promotion.nameZh,
    bonus_percent: promotion.bonusPercent,
    starts_at_ms: promotion.startsAtMs,
    ends_at_ms: promotion.endsAtMs,
    item_ids: [...new Set(promotion.itemIds)].toSorted((a, b) => a - b),
  }
}

function promotionOf(json: PromotionJson): Promotion {
  return {
    promotionId: json.id,
    nameEn: json.name_en,
    nameZh: json.name_zh,
    bonusPercent: json.bonus_percent,
    startsAtMs: json.starts_at_ms,
    endsAtMs: json.ends_at_ms,
    itemIds: json.item_ids,
  }
}

// Not by a language's rules, which differ between machines.
function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
