import type { Db, Tx } from '../../db/database.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { ActItem, StoreItem } from './rules.ts'
import type { SeedItem } from './seed.ts'

/** The version of an app's catalogue; 0 when the app has none yet. */
export async function selectCatalogueVersion(db: Db, appId: AppId): Promise<number> {
  const row = await db.selectFrom('catalogues').select('version').where('app_id', '=', appId).executeTakeFirst()
  return row?.version ?? 0
}

/** Every item of an app with its prices, by id. */
export async function selectItems(db: Db, appId: AppId): Promise<StoreItem[]> {
  const items = await db.selectFrom('items').selectAll().where('app_id', '=', appId).orderBy('item_id').execute()
  const prices = await db.selectFrom('item_prices').selectAll().where('app_id', '=', appId).execute()
  return items.map((item) => ({
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
  }))
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

export async function insertItems(tx: Tx, appId: AppId, seed: readonly SeedItem[]): Promise<void> {
  await tx
    .insertInto('items')
    .values(
      seed.map((item) => ({
        app_id: appId,
        item_id: item.itemId,
        name_en: item.nameEn,
        name_zh: item.nameZh,
        coins: item.coins,
        tokens_base: item.tokensBase,
        bonus_percent: item.bonusPercent,
        first_charge_bonus_percent: item.firstChargeBonusPercent,
        act_items: '[]',
        premium_only: item.premiumOnly ? 1 : 0,
      })),
    )
    .execute()
  const prices = seed.flatMap((item) =>
    Object.entries(item.prices).map(([currency, priceMinor]) => ({
      app_id: appId,
      item_id: item.itemId,
      currency: currency as never,
      price_minor: priceMinor,
    })),
  )
  await tx.insertInto('item_prices').values(prices).execute()
}

/** Tells every process that the catalogue has changed. */
export async function raiseCatalogueVersion(tx: Tx, appId: AppId): Promise<void> {
  await tx
    .updateTable('catalogues')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('app_id', '=', appId)
    .execute()
}
