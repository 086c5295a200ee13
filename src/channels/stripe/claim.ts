import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import type { PriceRule } from '../channel.ts'
import { type ItemsBySku, itemOfSku } from '../item-of-sku.ts'
import { METADATA } from './wire.ts'

/** One configured instance of type `stripe`. */
export interface StripeInstance {
  readonly instance: string
  readonly appId: AppId
  /** Null: the studio's own backend opens the checkouts and makes the refunds. */
  readonly secretKey: string | null
  readonly webhookSecrets: readonly string[]
  /** Where a player goes whose order names no place; null without a key. */
  readonly returnUrl: string | null
  readonly priceRule: PriceRule
  readonly items: ItemsBySku
  /** Where Stripe's API is, as an origin. */
  readonly apiUrl: string
}

/** For whom something was bought, and what. */
export interface Claim {
  /** Null where its maker named none of ours. */
  readonly orderId: OrderId | null
  readonly playerId: PlayerId
  readonly itemId: number
  readonly quantity: number
}

/** What an object at Stripe says of itself. */
export interface ClaimTold {
  readonly metadata: Readonly<Record<string, string>> | null | undefined
  /** `client_reference_id`: a Payment Link takes it from its address, and no metadata. */
  readonly reference: string | null
  /** The Payment Link, if it was made by one. */
  readonly link: string | null
}

const ORDER_ID = /^[!-~]{1,200}$/
const QUANTITY = /^(?:[1-9][0-9]{0,2}|1000)$/

/**
 * Reads whose purchase it is. Null: not one of this app's. A Stripe account may sell other things and other games, and its
 * endpoints hear of all of them.
 */
export function readClaim({ appId, items }: StripeInstance, told: ClaimTold): Outcome<Claim | null> {
  const field = (name: string): string | null => {
    const { metadata } = told
    return metadata && Object.hasOwn(metadata, name) ? (metadata[name] ?? null) : null
  }
  const [app, order, player] = [field(METADATA.appId), field(METADATA.orderId), field(METADATA.playerId)]
  const [item, sku, quantity] = [field(METADATA.itemId), field(METADATA.sku), field(METADATA.quantity)]
  const isOfOurLink = told.link !== null && Object.hasOwn(items, told.link)
  const isOurs = [order, player, item, sku].some((named) => named !== null) || isOfOurLink
  if (!isOurs || (app !== null && app !== appId)) return accepted(null)
  // On any other session the reference is a number of its maker's own, and may look like a player's.
  const inAddress = told.link === null ? null : told.reference
  const playerId = parsePlayerId(player ?? inAddress ?? '')
  if (playerId === null) return refusedField('metadata.player_id', 'is not a player number')
  if (order !== null && !ORDER_ID.test(order)) return refusedField('metadata.order_id', 'is no id of an order')
  if (quantity !== null && !QUANTITY.test(quantity)) return refusedField('metadata.quantity', 'is no quantity')
  return accepted({
    orderId: order as OrderId | null,
    playerId,
    // Our own number is no sku: an instance may give a sku that looks like one to another item.
    itemId: item === null ? itemOfSku(items, sku ?? told.link ?? '') : itemOfSku({}, item),
    quantity: Number(quantity ?? '1'),
  })
}
