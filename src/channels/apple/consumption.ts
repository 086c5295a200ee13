import { Check } from 'typebox/schema'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { CallDue, PurchaseUse, Question } from '../channel.ts'
import type { AppleApi } from './client.ts'
import type { AppleInstance } from './instance.ts'
import { TransactionIdField } from './wire.ts'

/** Tells Apple how a purchase was used, which it asked: nothing without the consent of whoever bought it. */
export async function sendConsumption(
  { refundPreference }: Pick<AppleInstance, 'refundPreference'>,
  { api, call }: { api: AppleApi; call: CallDue & Question },
): Promise<Outcome<'done'>> {
  const { transactionId } = call.details
  if (call.kind !== 'consumption' || !Check(TransactionIdField, transactionId)) return refused('platform_refused')
  if (!call.use?.isConsented) return refused('consent_missing')
  // Its money went back meanwhile: there is nothing to decide any more.
  if (call.use.isTakenBack) return accepted('done')
  const answer = await api.ask({
    environment: call.environment === 'live' ? 'Production' : 'Sandbox',
    ...{ method: 'PUT', path: `/inApps/v2/transactions/consumption/${transactionId}`, nowMs: call.nowMs },
    body: { ...consumptionOf(call.use), ...preferenceOf(call.use, refundPreference) },
  })
  return answer.ok ? accepted('done') : answer
}

/** A prorated refund is one of what is left: with nothing gone, or all of it, there is no such thing to prefer. */
function preferenceOf(
  { isDelivered, usedMilliPercent }: PurchaseUse,
  refundPreference: AppleInstance['refundPreference'],
): object {
  const isPartUsed = isDelivered && usedMilliPercent > 0 && usedMilliPercent < 100_000
  return refundPreference === null || (refundPreference === 'GRANT_PRORATED' && !isPartUsed) ? {} : { refundPreference }
}

function consumptionOf(use: PurchaseUse): Record<string, unknown> {
  const delivered = { deliveryStatus: 'DELIVERED', consumptionPercentage: use.usedMilliPercent }
  return {
    ...{ customerConsented: true, sampleContentProvided: false },
    ...(use.isDelivered ? delivered : { deliveryStatus: 'UNDELIVERED_OTHER' }),
  }
}
