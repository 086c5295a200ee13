/**
 * Stands for a sku that we do not know. No item has this number, so money for it waits for a person as `item_not_found`
 * instead of being lost.
 */
export const UNKNOWN_ITEM_ID = 2_147_483_647

/** The skus of a platform, as an instance names our items by them. */
export type ItemsBySku = Readonly<Record<string, number>>

/** The item that a platform's sku stands for: as configured, else by its own number. */
export function itemOfSku(items: ItemsBySku, sku: string): number {
  if (Object.hasOwn(items, sku)) return items[sku] ?? UNKNOWN_ITEM_ID
  if (!/^[1-9][0-9]{0,9}$/.test(sku)) return UNKNOWN_ITEM_ID
  return Math.min(Number(sku), UNKNOWN_ITEM_ID)
}

/** The sku by which a platform knows an item: the first that is configured for it, else its number. */
export function skuOfItem(items: ItemsBySku, itemId: number): string {
  const named = Object.entries(items).find(([, id]) => id === itemId)
  return named ? named[0] : String(itemId)
}
