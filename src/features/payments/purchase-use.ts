import type { PurchaseUse } from '../../channels/channel.ts'
import type { Db } from '../../db/database.ts'
import { selectRewardMessages } from '../inbox/index.ts'
import { findPlayer } from '../players/index.ts'
import { coinsSpentSinceGrant } from '../wallet/index.ts'
import { findPurchasePaid, type OwedCallRow } from './owed-call-queries.ts'
import { findAnyOrder } from './review-queries.ts'
import { transactionIdentity } from './rules.ts'
import { usedMilliPercent } from './use-rules.ts'

/**
 * How what a call is about was used, as the books say; null where we know no such purchase. The consent is that of whoever
 * got it, as it stands now.
 */
export async function purchaseUse(db: Db, call: OwedCallRow): Promise<PurchaseUse | null> {
  const { transactionId } = JSON.parse(call.details) as { transactionId?: unknown }
  if (typeof transactionId !== 'string') return null
  const { app_id: appId, instance, environment } = call
  const name = transactionIdentity({ appId, instance, environment }, transactionId)
  const line = await findPurchasePaid(db, name)
  const orderId = line?.standing === 'granted' ? (line.granted_order_id ?? line.order_id) : null
  const order = orderId === null ? null : await findAnyOrder(db, { appId, orderId })
  if (!line || !order) return null
  const player = await findPlayer(db, { appId, playerId: order.user_id })
  const isConsented = player?.status === 'active' && player.purchase_data_consent_at_ms !== null
  const coinsAfter = order.balance_coins_after ?? 0
  const [message] = await selectRewardMessages(db, { appId, orderIds: [order.order_id] })
  return {
    ...{ isConsented, isDelivered: true, isTakenBack: order.status === 'refunded' },
    usedMilliPercent: usedMilliPercent({
      coins: order.coins,
      coinsBefore: coinsAfter - order.coins,
      coinsSpentSince: await coinsSpentSinceGrant(db, { appId, playerId: order.user_id, orderId: order.order_id }),
      isRewardClaimed: message?.state === 'claimed',
    }),
  }
}
