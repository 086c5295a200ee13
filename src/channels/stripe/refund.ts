import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { PaymentNames, RefundMade, RefundWanted, Standing } from '../channel.ts'
import { toStripe } from './amounts.ts'
import { type Asked, type AskStripe, UNKNOWN_AT_STRIPE } from './client.ts'
import { decidedState, refundState } from './notice.ts'

// Of one payment; a studio that gives money back in more parts than this does so by hand.
const REFUNDS_MAX = 1_000
const REFUND_KEY = 'refund_key'
const INTENT_ID = /^pi_[A-Za-z0-9_]{1,196}$/

/**
 * Gives money back, once for each key. Stripe forgets its own idempotency keys after a day and a refund may be on its way for
 * longer, so the key stands on the refund as well, and is looked for first.
 */
export async function makeRefund(ask: AskStripe, wanted: RefundWanted): Promise<Outcome<RefundMade>> {
  const { transactionId, amount, idempotencyKey } = wanted
  // A session for nothing has no PaymentIntent, and nothing to give back.
  if (transactionId === null || !INTENT_ID.test(transactionId)) return refused('purchase_not_found')
  const part = amount === null ? null : toStripe(amount)
  if (amount !== null && part === null) return refused('refund_refused')
  const made = await ask((stripe) =>
    stripe.refunds.list({ payment_intent: transactionId, limit: 100 }).autoPagingToArray({ limit: REFUNDS_MAX }),
  )
  if (made.kind !== 'answered') return refusalOf(made)
  const before = made.value.find(({ metadata }) => metadata?.[REFUND_KEY] === idempotencyKey)
  if (before) return outcomeOf(before)
  const refund = await ask((stripe) =>
    stripe.refunds.create(
      {
        payment_intent: transactionId,
        ...(part === null ? {} : { amount: part.amount }),
        metadata: { [REFUND_KEY]: idempotencyKey },
      },
      { idempotencyKey: `refund:${idempotencyKey}` },
    ),
  )
  return refund.kind === 'answered' ? outcomeOf(refund.value) : refusalOf(refund)
}

function outcomeOf(refund: { id: string; status: string | null; created: number }): Outcome<RefundMade> {
  switch (refundState(refund.status ?? '')) {
    case 'taken':
      return accepted({ refundId: refund.id, occurredAtMs: refund.created * 1000 })
    case 'undone':
      return refused('refund_refused')
    case null:
      return refused('refund_pending')
  }
}

function refusalOf(asked: Exclude<Asked<unknown>, { readonly kind: 'answered' }>) {
  if (asked.kind === 'unavailable') return refused('channel_unavailable')
  return refused(asked.code === UNKNOWN_AT_STRIPE ? 'purchase_not_found' : 'refund_refused')
}

/** Whether a payment's money is still there: not all of it given back, and no dispute holds it or has taken it. */
export async function standingOf(
  ask: AskStripe,
  { transactionId }: Pick<PaymentNames, 'transactionId'>,
): Promise<Outcome<Standing>> {
  if (transactionId === null || !INTENT_ID.test(transactionId)) return accepted('unknown')
  const asked = await ask((stripe) => stripe.paymentIntents.retrieve(transactionId, { expand: ['latest_charge'] }))
  if (asked.kind === 'unavailable') return refused('channel_unavailable')
  if (asked.kind === 'refused' || asked.value.status !== 'succeeded') return accepted('unknown')
  const { latest_charge: charge } = asked.value
  if (charge === null || typeof charge === 'string') return accepted('unknown')
  if (charge.refunded) return accepted('gone')
  if (!charge.disputed) return accepted('stands')
  // It stays disputed when the dispute was won.
  const disputes = await ask((stripe) => stripe.disputes.list({ payment_intent: transactionId, limit: 100 }))
  if (disputes.kind === 'unavailable') return refused('channel_unavailable')
  if (disputes.kind === 'refused') return accepted('unknown')
  const holds = disputes.value.data.some(({ status }) => decidedState(status) !== 'undone' && !isInquiry(status))
  return accepted(holds ? 'gone' : 'stands')
}

/** A bank that asks before it takes anything. */
function isInquiry(status: string): boolean {
  return status.startsWith('warning_')
}
