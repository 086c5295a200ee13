import { itemOfSku, UNKNOWN_ITEM_ID } from '../item-of-sku.ts'
import type { AppchargeInstance } from './instance.ts'
import type { Product } from './wire.ts'

/** So many of one item in one purchase. */
export interface Sold {
  readonly itemId: number
  readonly quantity: number
}

/** More of one item at once is no purchase of a game. */
const QUANTITY_MAX = 1_000
const NOTHING_OF_OURS: readonly Sold[] = [{ itemId: UNKNOWN_ITEM_ID, quantity: 1 }]

/**
 * What was sold, in items of ours. An offer that is an item is that item, as many times as its products say, and once where they
 * are only the coins and tokens in it: those we know ourselves. An offer that is none is what its products are, each of them an
 * item. Whatever is left unclear by this is nothing that we know.
 */
export function soldItems(
  { items, products: ours }: Pick<AppchargeInstance, 'items' | 'products'>,
  { sku, products }: { sku: string; products: readonly Product[] },
): readonly Sold[] {
  const offered = itemOfSku(items, sku)
  const counts = new Map<number, number>()
  let hasContents = false
  for (const product of products) {
    const itemId = itemOfSku(items, product.sku)
    if (itemId !== UNKNOWN_ITEM_ID) {
      if (product.amount > 0) counts.set(itemId, (counts.get(itemId) ?? 0) + product.amount)
    } else if (product.sku === ours.coins || product.sku === ours.tokens) hasContents = true
    else return NOTHING_OF_OURS
  }
  const sold = [...counts].map(([itemId, quantity]) => ({ itemId, quantity }))
  if (sold.some(({ quantity }) => quantity > QUANTITY_MAX)) return NOTHING_OF_OURS
  if (offered === UNKNOWN_ITEM_ID) return hasContents || sold.length === 0 ? NOTHING_OF_OURS : sold
  if (sold.length === 0) return [{ itemId: offered, quantity: 1 }]
  return sold.every(({ itemId }) => itemId === offered) ? sold : NOTHING_OF_OURS
}

/** Splits an amount by weights, exactly: what the division leaves goes to the largest remainders, of equal ones to the first. */
export function splitMinor(totalMinor: number, weights: readonly number[]): number[] {
  const sum = BigInt(weights.reduce((all, weight) => all + weight, 0))
  const shares = weights.map((weight) => {
    const exact = BigInt(totalMinor) * BigInt(weight)
    return { minor: exact / sum, rest: exact % sum }
  })
  const left = totalMinor - shares.reduce((all, { minor }) => all + Number(minor), 0)
  const first = shares.map((_, index) => index).toSorted((a, b) => compare(shares[b]?.rest, shares[a]?.rest) || a - b)
  const luckier = new Set(first.slice(0, left))
  return shares.map(({ minor }, index) => Number(minor) + (luckier.has(index) ? 1 : 0))
}

function compare(a = 0n, b = 0n): number {
  return a < b ? -1 : a > b ? 1 : 0
}
