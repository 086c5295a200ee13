import { createHash } from 'node:crypto'
import type { PriceRule } from '../../channels/channel.ts'
import type { LineStanding, OrderStatus, OrderTerms } from '../../db/schema.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { type CurrencyCode, type MinorUnits, type Money, minorUnits } from '../../kernel/money.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import { mayStillBePaid } from '../orders/index.ts'
import { mayBuy, type Reward, type RewardTerms, rewardOf, type StoreItem } from '../store/index.ts'
import { wouldOverflow } from '../wallet/index.ts'

/** Why a verified payment was not granted. Each is also an error code of the API. */
export type SettlementRefusal =
  | 'player_not_found'
  | 'order_conflict'
  | 'account_mismatch'
  | 'item_not_found'
  | 'item_locked'
  | 'price_mismatch'
  | 'balance_overflow'

/** Why a line was not granted whose money was given back before it was told of. */
export const REFUNDED_BEFORE = 'refunded_before'

/** Of these the money alone waits: the order that it names, if there is one, is left as it is. */
export const LEAVES_ORDER_ALONE = [
  'player_not_found',
  'order_conflict',
  'account_mismatch',
] as const satisfies SettlementRefusal[]

/** Whether money that was not granted for this reason has put its order in review. */
export function putsOrderInReview(refusal: string | null): boolean {
  return refusal !== null && !LEAVES_ORDER_ALONE.some((other) => other === refusal)
}

/** What is to be done with one line of a verified payment. */
export type Decision =
  /** Everything fits: give the reward. */
  | {
      readonly kind: 'grant'
      readonly reward: Reward
      /** Of the ways in which its platform tells what it cost, the one that is our price. */
      readonly price: Money
    }
  /** This very payment was granted before: answer that grant again. */
  | { readonly kind: 'replay'; readonly orderId: OrderId }
  /** Further money for an order that was granted already: record it, queue its refund, answer the first grant. */
  | { readonly kind: 'duplicate'; readonly isNew: boolean }
  /** The order goes to review (made where there is none), and so does the money. */
  | { readonly kind: 'review_order'; readonly refusal: SettlementRefusal }
  /** The money goes to the review queue; the order, if any, is not touched. */
  | { readonly kind: 'review_money'; readonly refusal: SettlementRefusal }
  /** The same payment again while it waits for a person: the same answer, nothing new. */
  | { readonly kind: 'refuse_again'; readonly refusal: SettlementRefusal | typeof REFUNDED_BEFORE }
  /** A known payment told with other facts: kept as an event; the money is where it was. */
  | { readonly kind: 'contradiction' }

/** What the payment says of itself. */
export interface LineClaim {
  readonly playerId: PlayerId
  readonly orderId: OrderId
  readonly itemId: number
  readonly quantity: number
  readonly price: Money
  /** Further readings of the price, of which one has to be ours. */
  readonly priceReadings?: readonly Money[]
  /** True where less than our price is right too. */
  readonly isDiscounted?: boolean
  /** True where nothing proves that the player bought it. */
  readonly isUnclaimed?: boolean
  /** What the payer was charged for the whole payment; left out: the sum of its prices. */
  readonly chargedMinor?: MinorUnits
}

/** What we know of the same line of the same payment from an earlier delivery. */
export interface KnownLine {
  readonly payerUserId: number
  readonly orderId: OrderId
  readonly itemId: number
  readonly quantity: number
  readonly priceMinor: MinorUnits
  readonly currency: CurrencyCode
  readonly standing: LineStanding
  readonly refusal: SettlementRefusal | typeof REFUNDED_BEFORE | null
  readonly grantedOrderId: OrderId | null
}

/** The order that the payment names, under our lock. */
export interface KnownOrder {
  readonly playerId: PlayerId
  readonly itemId: number
  readonly quantity: number
  readonly status: OrderStatus
  readonly terms: OrderTerms
  readonly price: Money
  readonly rewardTerms: RewardTerms
  readonly wasGranted: boolean
}

/** The player, under our lock; null stands for unknown, erased, or of another app. */
export interface KnownPlayer {
  readonly coins: number
  readonly tokens: number
  readonly inbox_coins: number
  readonly inbox_tokens: number
  readonly level_hundredths: number
  readonly first_charge_order_id: OrderId | null
}

export interface LineFacts {
  readonly claim: LineClaim
  /** `new` when no delivery of this payment was ever seen; `unknown_line` when it was, without this line. */
  readonly known: KnownLine | 'new' | 'unknown_line'
  readonly order: KnownOrder | null
  readonly player: KnownPlayer | null
  readonly item: StoreItem | null
  /** Whose price counts; left out: `order`. */
  readonly priceRule?: PriceRule
}

/** Decides one line from facts that were read under lock. Pure: the same facts, the same decision. */
export function decideLine(facts: LineFacts): Decision {
  const { claim, known, order, player } = facts
  if (known === 'unknown_line') return { kind: 'contradiction' }
  if (known !== 'new') return decideAgain(claim, known)
  if (!player) return { kind: 'review_money', refusal: 'player_not_found' }
  if (claim.isUnclaimed) return { kind: 'review_money', refusal: 'account_mismatch' }
  if (order) {
    if (order.playerId !== claim.playerId || order.itemId !== claim.itemId || order.quantity !== claim.quantity) {
      return { kind: 'review_money', refusal: 'order_conflict' }
    }
    if (order.wasGranted) {
      return priceOf(order, facts)
        ? { kind: 'duplicate', isNew: true }
        : { kind: 'review_money', refusal: 'order_conflict' }
    }
    if (!mayStillBePaid(order.status)) return { kind: 'review_money', refusal: 'order_conflict' }
  }
  const frozen = order?.terms === 'frozen' ? order : null
  if (!frozen && !facts.item) return { kind: 'review_order', refusal: 'item_not_found' }
  if (!frozen && facts.item && !mayBuy(facts.item, player)) return { kind: 'review_order', refusal: 'item_locked' }
  const price = priceOf(frozen, facts)
  if (!price) return { kind: 'review_order', refusal: 'price_mismatch' }
  const terms = frozen?.rewardTerms ?? facts.item?.terms
  invariant(terms, 'an order that froze nothing has an item')
  const mayBeFirst = mayBeFirstCharge({ priceMinor: price.minor, chargedMinor: claim.chargedMinor ?? null })
  const isFirstCharge = mayBeFirst && player.first_charge_order_id === null
  const reward = rewardOf(terms, { isFirstCharge, quantity: claim.quantity })
  const given = { coins: reward.coins, tokens: reward.tokensBase + reward.tokensBonus }
  if (wouldOverflow(player, given)) return { kind: 'review_order', refusal: 'balance_overflow' }
  return { kind: 'grant', reward, price }
}

/**
 * What is collected for nothing, as a gift or by a coupon over all of its price, is no charge: its bonus, and whoever
 * invited the player, wait for the first that is paid.
 */
export function mayBeFirstCharge(paid: { readonly priceMinor: number; readonly chargedMinor: number | null }): boolean {
  return paid.priceMinor > 0 && (paid.chargedMinor ?? paid.priceMinor) > 0
}

function decideAgain(claim: LineClaim, known: KnownLine): Decision {
  const same =
    known.orderId === claim.orderId &&
    known.payerUserId === claim.playerId &&
    known.itemId === claim.itemId &&
    known.quantity === claim.quantity &&
    readingOf({ ...claim, isDiscounted: false }, { minor: known.priceMinor, currency: known.currency }) !== null
  if (!same) return { kind: 'contradiction' }
  switch (known.standing) {
    case 'granted':
      return { kind: 'replay', orderId: known.grantedOrderId ?? known.orderId }
    case 'duplicate':
      return { kind: 'duplicate', isNew: false }
    case 'review':
      return { kind: 'refuse_again', refusal: known.refusal ?? 'order_conflict' }
  }
}

/** What was paid, read as the price that counts: an order's own, or our list's; null where it fits neither. */
function priceOf(order: Pick<KnownOrder, 'price'> | null, { item, claim, priceRule }: LineFacts): Money | null {
  if (priceRule === 'platform') return claim.price
  const asOrdered = order && readingOf(claim, order.price)
  if (asOrdered || (order && priceRule !== 'catalogue')) return asOrdered
  const unitMinor = item?.prices.get(claim.price.currency)
  if (unitMinor === undefined) return null
  return readingOf(claim, { minor: minorUnits(unitMinor * claim.quantity), currency: claim.price.currency })
}

/** The way of counting taxes and discounts by which what was paid is our price; null where none is. */
function readingOf({ price, priceReadings = [], isDiscounted = false }: LineClaim, ours: Money): Money | null {
  if ([price, ...priceReadings].some((reading) => samePrice(reading, ours))) return ours
  return isDiscounted && price.currency === ours.currency && price.minor < ours.minor ? price : null
}

function samePrice(a: Money, b: Money): boolean {
  return a.minor === b.minor && a.currency === b.currency
}

/** Where an identity holds: the same id from another channel, app or environment is another payment. */
export interface IdentityScope {
  readonly appId: AppId
  readonly instance: string
  readonly environment: PaymentEnvironment
}

/** A name of a payment, and the fixed-size unique key under which the database knows it. */
export interface PaymentIdentity {
  readonly identity: string
  readonly key: string
}

function identityIn(scope: IdentityScope, identity: string): PaymentIdentity {
  const text = JSON.stringify([scope.appId, scope.instance, scope.environment, identity])
  return { identity, key: createHash('sha256').update(text).digest('hex') }
}

/** The platform's own name of a payment. */
export function transactionIdentity(scope: IdentityScope, transactionId: string): PaymentIdentity {
  return identityIn(scope, `txn:${transactionId}`)
}

/** The order, for a channel whose refunds and disputes may name nothing else: a name of the first payment for it. */
export function orderIdentity(scope: IdentityScope, orderId: OrderId): PaymentIdentity {
  return identityIn(scope, `order:${orderId}`)
}

/**
 * What stands in for a missing transaction id: the order id with a hash of the four facts that are ever compared
 * (player, item, price in minor units, currency).
 */
export function factsIdentity(scope: IdentityScope, claim: LineClaim): PaymentIdentity {
  const facts = JSON.stringify([String(claim.playerId), claim.itemId, claim.price.minor, claim.price.currency])
  const hash = createHash('sha256').update(facts).digest('hex')
  return identityIn(scope, `facts:${claim.orderId}#${hash}`)
}
