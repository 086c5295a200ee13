import type { Money } from '../../kernel/money.ts'
import { minorUnits } from '../../kernel/money.ts'
import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import { type Evidence, type VerifiedNotice, vouchForNotice } from '../channel.ts'
import type { PlayApi } from './client.ts'
import { moneyOf } from './money.ts'
import { environmentOf, namesOf, orderIdOf, quantityOf, stateOfOrder } from './purchase.ts'
import { type PlayShop, pricesOf } from './translate.ts'
import type { Order, Purchase } from './wire.ts'

/**
 * Play gives what it takes back no id of its own, and tells each time all of it: so there is one cause for a purchase, which
 * a notice, the list and our own refund tell of alike.
 */
export const VOIDED = 'voided'

/** A purchase of which Play says that it was voided. */
export interface Voided {
  readonly token: string
  readonly orderId: string | null
  readonly atMs: number
  /** True where Play's own list names all of it, which needs no further proof. */
  readonly isListedWhole: boolean
}

/** What is gone of a purchase: null amount for all of it. */
interface Gone {
  readonly amount: Money | null
  readonly lineNo: number | null
}

/**
 * What of a purchase is gone, by what Play says of it now: a notice proves and numbers nothing. Null where Play says that
 * nothing is.
 */
export async function noticeOf(
  { api, shop }: { api: PlayApi; shop: PlayShop },
  { voided, evidence }: { voided: Voided; evidence: Evidence },
): Promise<Outcome<VerifiedNotice | null>> {
  const { token, atMs, isListedWhole } = voided
  const asked = await api.purchase(token)
  if (!asked.ok) return asked
  const purchase = asked.value?.value ?? null
  const orderId = (purchase ? orderIdOf(purchase) : null) ?? voided.orderId
  const environment = purchase ? environmentOf(purchase) : 'live'
  const isWhole = isListedWhole || (purchase !== null && isAllGone(purchase))
  const gone = isWhole ? accepted(ALL) : await partGone(api, { purchase, orderId, environment })
  if (!gone.ok) return gone
  if (gone.value === null) return accepted(null)
  return accepted(
    vouchForNotice({
      ...{ appId: shop.appId, instance: shop.instance, environment, evidence },
      ...{ cause: 'refund', causeId: VOIDED, state: 'taken', occurredAtMs: atMs },
      paymentIds: namesOf({ token, orderId }),
      ...gone.value,
    }),
  )
}

const ALL: Gone = { amount: null, lineNo: null }

/** Whether none of a purchase is left: it was cancelled, or each of its pieces went back. */
export function isAllGone(purchase: Purchase): boolean {
  const { purchaseState } = purchase.purchaseStateContext
  if (purchaseState === 'CANCELLED' || purchaseState === 'CANCELED') return true
  const lines = purchase.productLineItem ?? []
  return lines.length > 0 && lines.every((line) => line.productOfferDetails?.refundableQuantity === 0)
}

async function partGone(
  api: PlayApi,
  {
    purchase,
    orderId,
    environment,
  }: { purchase: Purchase | null; orderId: string | null; environment: PaymentEnvironment },
): Promise<Outcome<Gone | null>> {
  if (orderId === null || environment === 'test') return accepted(null)
  const asked = await api.order(orderId)
  if (!asked.ok) return asked
  if (asked.value === null) return accepted(null)
  const order = asked.value.value
  if (stateOfOrder(order) === 'cancelled') return accepted(ALL)
  const inMoney = moneyGone(order)
  const inPieces = purchase ? piecesGone(purchase, order) : accepted(null)
  if (!inPieces.ok) return inPieces
  // Both are sums of all that went back, and one may know of what the other does not.
  const [some, others] = [inMoney, inPieces.value]
  if (some === null || others === null) return accepted(some ?? others)
  return accepted((some.amount?.minor ?? 0) > (others.amount?.minor ?? 0) ? some : others)
}

/** What was given back in money; what is only on its way counts once it has happened. */
function moneyGone({ total: charged, orderHistory }: Order): Gone | null {
  const total = charged ? moneyOf(charged) : null
  let minor = 0
  for (const { state, refundDetails } of orderHistory?.partialRefundEvents ?? []) {
    const part = refundDetails?.total ? moneyOf(refundDetails.total) : null
    if (state === 'PROCESSED_SUCCESSFULLY' && part?.currency === total?.currency) minor += part?.minor ?? 0
  }
  return total === null || minor === 0 ? null : { amount: { ...total, minor: minorUnits(minor) }, lineNo: null }
}

/**
 * What the pieces that went back had cost: their share of their line, rounded up to a minor unit, so that what they gave is
 * taken whole. Of several lines the one that it is about is named, where there is only one.
 */
function piecesGone(purchase: Purchase, order: Order): Outcome<Gone | null> {
  const products = purchase.productLineItem ?? []
  const priced = pricesOf(order, products)
  if (!priced.ok) return priced
  const parts = products.flatMap((product, index) => {
    const [quantity, price] = [quantityOf(product), priced.value.prices[index]]
    const left = product.productOfferDetails?.refundableQuantity ?? quantity
    if (!price || left >= quantity) return []
    const [cost, pieces] = [BigInt(price.minor), BigInt(quantity)]
    const minor = (cost * (pieces - BigInt(left)) + pieces - 1n) / pieces
    return [{ lineNo: index + 1, minor: Number(minor), currency: price.currency }]
  })
  const [first] = parts
  if (!first) return accepted(null)
  const minor = minorUnits(parts.reduce((sum, part) => sum + part.minor, 0))
  const lineNo = products.length > 1 && parts.length === 1 ? first.lineNo : null
  return accepted({ amount: { minor, currency: first.currency }, lineNo })
}
