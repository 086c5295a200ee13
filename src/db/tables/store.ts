import type { Generated } from 'kysely'
import type { AppId } from '../../kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'

/** The version of an app's catalogue; every edit raises it, and every process notices within a second. */
export interface CataloguesTable {
  app_id: AppId
  version: number
}

export interface ItemsTable {
  app_id: AppId
  item_id: number
  name_en: string
  name_zh: string
  coins: number
  tokens_base: number
  /** Whole per cent added to the tokens: 10 is 10 %. */
  bonus_percent: number
  /** Stands in place of `bonus_percent` on a player's first charge. */
  first_charge_bonus_percent: number
  act_items: string
  /** 1: only premium players see it and may buy it. */
  premium_only: number
  /** 0: taken off the store; kept for its history. */
  on_sale: Generated<number>
}

export interface ItemPricesTable {
  app_id: AppId
  item_id: number
  currency: CurrencyCode
  price_minor: MinorUnits
}

/** A time-limited better bonus. */
export interface PromotionsTable {
  app_id: AppId
  promotion_id: string
  name_en: string
  name_zh: string
  /** While it runs, a bonus of its items below this is this. */
  bonus_percent: number
  starts_at_ms: number
  /** The first millisecond in which it is over. */
  ends_at_ms: number
  /** JSON list of item ids; empty: every item. */
  item_ids: string
}

/** What a day of the daily gift's streak gives. An app without rows has the calendar of the seed. */
export interface DailyGiftDaysTable {
  app_id: AppId
  day: number
  coins: number
  tokens: number
}

/** Every version of a catalogue, whole, so that each can be shown and brought back. */
export interface CatalogueVersionsTable {
  app_id: AppId
  version: number
  created_at_ms: number
  /** Why it was edited, for people. */
  note: string
  /** JSON of the whole content. */
  content: string
}
