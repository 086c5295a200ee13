import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { AppId } from '../../kernel/ids.ts'
import type { CatalogueContent, CatalogueItem, Promotion } from './rules.ts'

// SQLite takes 32,766 values in a statement; an item has eleven.
const ROWS_PER_STATEMENT = 1000

/** Locks the catalogue's row for an edit. Its version, or null when the app has no catalogue yet. */
export async function lockCatalogue(tx: Tx, appId: AppId): Promise<number | null> {
  const row = await tx
    .selectFrom('catalogues')
    .select('version')
    .where('app_id', '=', appId)
    .forUpdate()
    .executeTakeFirst()
  return row === undefined || row.version === 0 ? null : row.version
}

/** Writes a content in place of the app's former one. The caller holds the catalogue's row. */
export async function replaceCatalogue(tx: Tx, appId: AppId, content: CatalogueContent): Promise<void> {
  for (const table of ['items', 'item_prices', 'promotions', 'daily_gift_days'] as const) {
    await tx.deleteFrom(table).where('app_id', '=', appId).execute()
  }
  await insertItems(tx, appId, content.items)
  const promotions = content.promotions.map((promotion) => promotionRow(appId, promotion))
  for (const rows of inStatements(promotions)) await tx.insertInto('promotions').values(rows).execute()
  const days = content.dailyGifts.map(({ coins, tokens }, index) => ({ app_id: appId, day: index + 1, coins, tokens }))
  for (const rows of inStatements(days)) await tx.insertInto('daily_gift_days').values(rows).execute()
}

/** Adds items with their prices. */
export async function insertItems(tx: Tx, appId: AppId, items: readonly CatalogueItem[]): Promise<void> {
  const itemRows = items.map((item) => itemRow(appId, item))
  for (const rows of inStatements(itemRows)) await tx.insertInto('items').values(rows).execute()
  const prices = items.flatMap(({ itemId, prices }) =>
    [...prices].map(([currency, price_minor]) => ({ app_id: appId, item_id: itemId, currency, price_minor })),
  )
  for (const rows of inStatements(prices)) await tx.insertInto('item_prices').values(rows).execute()
}

function itemRow(appId: AppId, { itemId, nameEn, nameZh, terms, premiumOnly, isOnSale }: CatalogueItem) {
  return {
    app_id: appId,
    item_id: itemId,
    name_en: nameEn,
    name_zh: nameZh,
    coins: terms.coins,
    tokens_base: terms.tokensBase,
    bonus_percent: terms.bonusPercent,
    first_charge_bonus_percent: terms.firstChargeBonusPercent,
    act_items: JSON.stringify(terms.actItems),
    premium_only: premiumOnly ? 1 : 0,
    on_sale: isOnSale ? 1 : 0,
  } satisfies NewRow<'items'>
}

function promotionRow(appId: AppId, promotion: Promotion) {
  return {
    app_id: appId,
    promotion_id: promotion.promotionId,
    name_en: promotion.nameEn,
    name_zh: promotion.nameZh,
    bonus_percent: promotion.bonusPercent,
    starts_at_ms: promotion.startsAtMs,
    ends_at_ms: promotion.endsAtMs,
    item_ids: JSON.stringify(promotion.itemIds),
  } satisfies NewRow<'promotions'>
}

function inStatements<T>(rows: readonly T[]): T[][] {
  const count = Math.ceil(rows.length / ROWS_PER_STATEMENT)
  return Array.from({ length: count }, (_, n) => rows.slice(n * ROWS_PER_STATEMENT, (n + 1) * ROWS_PER_STATEMENT))
}

/** Tells every process that the catalogue has changed. */
export async function raiseCatalogueVersion(tx: Tx, appId: AppId): Promise<void> {
  await tx
    .updateTable('catalogues')
    .set((eb) => ({ version: eb('version', '+', 1) }))
    .where('app_id', '=', appId)
    .execute()
}

/** Keeps a version whole. */
export async function insertVersion(tx: Tx, row: NewRow<'catalogue_versions'>): Promise<void> {
  await tx.insertInto('catalogue_versions').values(row).execute()
}

/** One kept version, or null. */
export async function selectVersion(
  db: Db,
  { appId, version }: { appId: AppId; version: number },
): Promise<Row<'catalogue_versions'> | null> {
  const row = await db
    .selectFrom('catalogue_versions')
    .selectAll()
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .executeTakeFirst()
  return row ?? null
}

/** True when this version is kept already. */
export async function isVersionKept(db: Db, { appId, version }: { appId: AppId; version: number }): Promise<boolean> {
  const row = await db
    .selectFrom('catalogue_versions')
    .select('version')
    .where('app_id', '=', appId)
    .where('version', '=', version)
    .executeTakeFirst()
  return row !== undefined
}

/** Kept versions, the newest first. */
export async function selectVersions(
  db: Db,
  { appId, limit }: { appId: AppId; limit: number },
): Promise<Row<'catalogue_versions'>[]> {
  return await db
    .selectFrom('catalogue_versions')
    .selectAll()
    .where('app_id', '=', appId)
    .orderBy('version', 'desc')
    .limit(limit)
    .execute()
}
