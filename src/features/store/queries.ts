import type { Db, Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { ActItem, CatalogueContent, CatalogueItem, Promotion } from './rules.ts'
import { SEED_DAILY_GIFTS } from './seed.ts'

/** The version of an app's catalogue; 0 when the app has none yet. */
export async function selectCatalogueVersion(db: Db, appId: AppId): Promise<number> {
  const row = await db.selectFrom('catalogues').select('version').where('app_id', '=', appId).executeTakeFirst()
  return row?.version ?? 0
}

/** Everything of an app's catalogue: all items with their prices by id, promotions, and the days of the daily gift. */
export async function selectCatalogue(db: Db, appId: AppId): Promise<CatalogueContent> {
  const items = await db.selectFrom('items').selectAll().where('app_id', '=', appId).orderBy('item_id').execute()
  const prices = await db.selectFrom('item_prices').selectAll().where('app_id', '=', appId).execute()
  const promotions = await db
    .selectFrom('promotions')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('promotion_id')
    .execute()
  const days = await db.selectFrom('daily_gift_days').selectAll().where('app_id', '=', appId).orderBy('day').execute()
  return {
    items: items.map((item) => itemOf(item, prices)),
    promotions: promotions.map(promotionOf),
    dailyGifts: days.length > 0 ? days.map(({ coins, tokens }) => ({ coins, tokens })) : SEED_DAILY_GIFTS,
  }
}

function itemOf(item: Row<'items'>, prices: readonly Row<'item_prices'>[]): CatalogueItem {
  return {
    itemId: item.item_id,
    nameEn: item.name_en,
    nameZh: item.name_zh,
    prices: new Map(
      prices.filter((price) => price.item_id === item.item_id).map((price) => [price.currency, price.price_minor]),
    ),
    terms: {
      coins: item.coins,
      tokensBase: item.tokens_base,
      bonusPercent: item.bonus_percent,
      firstChargeBonusPercent: item.first_charge_bonus_percent,
      actItems: JSON.parse(item.act_items) as ActItem[],
    },
    premiumOnly: item.premium_only === 1,
    isOnSale: item.on_sale === 1,
  }
}

function promotionOf(row: Row<'promotions'>): Promotion {
  return {
    promotionId: row.promotion_id,
    nameEn: row.name_en,
    nameZh: row.name_zh,
    bonusPercent: row.bonus_percent,
    startsAtMs: row.starts_at_ms,
    endsAtMs: row.ends_at_ms,
    itemIds: JSON.parse(row.item_ids) as number[],
  }
}

/** Makes the catalogue's row if it is absent and locks it. True when it is new, and so has no items yet. */
export async function claimNewCatalogue(tx: Tx, appId: AppId): Promise<boolean> {
  await tx
    .insertInto('catalogues')
    .values({ app_id: appId, version: 0 })
    .onDuplicateKeyUpdate({ app_id: appId })
    .execute()
  const row = await tx
    .selectFrom('catalogues')
    .select('version')
    .where('app_id', '=', appId)
    .forUpdate()
    .executeTakeFirstOrThrow()
  return row.version === 0
}
