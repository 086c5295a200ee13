import type { ChannelMessage, PaymentClaim, VerifiedPayment } from '../../channels/channel.ts'
import type { Db } from '../../db/database.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { findAnyOrder } from './review-queries.ts'

/** The payment of a claim that nobody stands behind but its order; null where it names none of ours. */
export async function paymentOfOrder(db: Db, claim: PaymentClaim): Promise<VerifiedPayment | null> {
  const playerId = await findOrdersPlayer(db, { appId: claim.source.appId, orderId: claim.orderId })
  return playerId === null ? null : claim.paymentOf({ playerId, isUnclaimed: false })
}

/** A message in which a claim whose order is ours has become a payment; any other stays as it is. */
export async function withPayer<M extends ChannelMessage>(
  db: Db,
  message: M,
): Promise<M | Extract<ChannelMessage, { readonly kind: 'payment' }>> {
  if (message.kind !== 'claim') return message
  const payment = await paymentOfOrder(db, message.claim)
  return payment ? { kind: 'payment', payment } : message
}

/**
 * The payment of a claim that a player makes. It belongs to whoever made the order that the game named when it was bought,
 * whatever player the device has logged in meanwhile: it settles as theirs. Where no order of ours was named, nothing proves
 * whose it is, and it waits for a person.
 */
export async function paymentOfPlayer(
  db: Db,
  { claim, playerId }: { claim: PaymentClaim; playerId: PlayerId },
): Promise<{ payment: VerifiedPayment; isTheirs: boolean }> {
  const ordersPlayer = await findOrdersPlayer(db, { appId: claim.source.appId, orderId: claim.orderId })
  const payer = { playerId: ordersPlayer ?? playerId, isUnclaimed: ordersPlayer === null }
  return { payment: claim.paymentOf(payer), isTheirs: payer.playerId === playerId }
}

async function findOrdersPlayer(
  db: Db,
  { appId, orderId }: { appId: AppId; orderId: OrderId | null },
): Promise<PlayerId | null> {
  const order = orderId === null ? null : await findAnyOrder(db, { appId, orderId })
  return order?.user_id ?? null
}
