import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import type { CheckDeps } from './check-order.ts'
import { paymentOfPlayer } from './claim-payment.ts'
import { settleMessage } from './settle-message.ts'
import type { Settlement } from './settlement.ts'

// Restoring a device's purchases takes a handful; each asks a platform on nothing but a player's word.
const VERIFIES_A_MINUTE_MAX = 20
const MINUTE_MS = 60_000

/**
 * Proves a purchase with the platform that a device says it was made on, and settles it as any other road would. The
 * device finishes the transaction only once it was granted.
 */
export async function verifyPurchase(
  deps: CheckDeps,
  purchase: {
    appId: AppId
    playerId: PlayerId
    channel: string
    told: Readonly<Record<string, unknown>>
    requestId: string
  },
): Promise<Outcome<Settlement>> {
  const { appId, playerId, told, requestId } = purchase
  const channel = deps.channels.forOrder(appId, purchase.channel)
  if (!channel) return refusedField('payment_channel', 'is no channel of this app')
  if (!channel.verifyPurchase) return refusedField('payment_channel', 'takes no purchases from a device')
  const nowMs = deps.clock.nowMs()
  const minute = Math.floor(nowMs / MINUTE_MS)
  const count = await deps.kv.increment(`verify:${playerId}:${minute}`, { ttlMs: 2 * MINUTE_MS })
  if (count > VERIFIES_A_MINUTE_MAX) {
    const waitMs = (minute + 1) * MINUTE_MS - nowMs
    return refused('too_many_requests', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  }
  const verified = await channel.verifyPurchase({ playerId, told, question: { nowMs, requestId } })
  if (!verified.ok) return verified
  if (!('paymentOf' in verified.value)) return settleMessage(deps, verified.value)
  const { payment, isTheirs } = await paymentOfPlayer(deps.database.db, { claim: verified.value, playerId })
  const settled = await settleMessage(deps, payment)
  if (isTheirs || !settled.ok) return settled
  // What another player has bought is granted to them, and nothing of it is told here. Its device has no more to do for it.
  return refused('account_mismatch', { action: 'finish_transaction' })
}
