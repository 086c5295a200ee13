import { type ItemsBySku, itemOfSku, UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import type { Row } from './wire.ts'

/** A row that stands for money: what was bought, and the row that says what it cost. */
export interface BoughtRow {
  readonly row: Row
  readonly itemId: number
  /** The bundle whose price this is, where the row itself has none; null: it costs nothing by itself. */
  readonly pricedBy: Row | null
}

/**
 * Which rows of an order were bought. For a bundle, or a package of currency, the platform lists the bundle and behind it what
 * is in it: of the two, one is granted. The bundle, where it is an item of ours, or where nothing in it is; what is in it,
 * where the order has this one bundle and we know it by its contents alone. The price stands on the bundle, so the first of
 * them bears it. Where nobody can say whose contents are whose, bundles that we do not know wait for a person.
 */
export function boughtRows(rows: readonly Row[], items: ItemsBySku): BoughtRow[] {
  const itemOf = ({ sku }: Row): number => itemOfSku(items, sku)
  const isKnown = (row: Row): boolean => itemOf(row) !== UNKNOWN_ITEM_ID
  const contents = new Set(rows.filter((row) => isContent(row, rows)))
  const bought = rows.filter((row) => !contents.has(row))
  const packages = bought.filter(isPackage)
  const [onlyPackage] = packages
  const knownContents = [...contents].filter(isKnown)
  const standsForContents =
    onlyPackage !== undefined && packages.length === 1 && !isKnown(onlyPackage) && knownContents.length > 0
  return bought.flatMap((row): BoughtRow[] => {
    if (!standsForContents || row !== onlyPackage) return [{ row, itemId: itemOf(row), pricedBy: row }]
    return knownContents.map((content, index) => ({
      row: content,
      itemId: itemOf(content),
      pricedBy: index === 0 ? row : null,
    }))
  })
}

/** Version 2 of the webhook says it; in version 1 it is what has no price of its own beside what may contain it. */
function isContent(row: Row, rows: readonly Row[]): boolean {
  if (row.is_bundle_content !== undefined) return row.is_bundle_content
  return isUnpriced(row) && rows.some((other) => other !== row && mayContain(other, row))
}

/** A bundle may contain anything, a bundle too; a package of currency contains currencies. One that is free itself is no content. */
function mayContain(holder: Row, row: Row): boolean {
  if (holder.type === 'bundle') return !isUnpriced(holder) || row.type !== 'bundle'
  return holder.type === 'virtual_currency' && row.type === 'virtual_currency' && !isUnpriced(holder)
}

function isPackage({ type }: Row): boolean {
  return type === 'bundle' || type === 'virtual_currency'
}

/** Contents have no price: none at all, the text `[null]`, or nothing in numbers. */
export function isUnpriced({ amount = null }: Row): boolean {
  return amount === null || amount === '[null]' || /^0+(?:\.0*)?$/.test(String(amount))
}
