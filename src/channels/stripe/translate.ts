import { accepted, type Outcome } from '../../kernel/outcome.ts'
import type { ChannelMessage, Evidence } from '../channel.ts'
import type { StripeInstance } from './claim.ts'
import { disputeNotice, refundNotice } from './notice.ts'
import { intentPayment, sessionFailure, sessionPayment } from './payment.ts'
import { fitting, isPlayMoney } from './reading.ts'
import { DisputeSchema, EventSchema, IntentSchema, RefundSchema, SessionSchema, type StripeEvent } from './wire.ts'

/** Every message but a question: Stripe asks none. */
export type StripeMessage = Exclude<ChannelMessage, { readonly kind: 'question' }>

type EvidenceOf = (kind: Evidence['kind']) => Evidence

// As the features call an order that its player gave up.
const GIVEN_UP = 'PAYMENT_CANCELLED'
const ASYNC_FAILED = 'ASYNC_PAYMENT_FAILED'

/** A proven event, in our words. What we do not know is nothing to us: only what is known to be paid is money. */
export function translateEvent(
  instance: StripeInstance,
  { body, evidenceOf }: { body: unknown; evidenceOf: EvidenceOf },
): StripeMessage {
  const event = fitting(EventSchema, body)
  const told = event.ok ? translate(instance, { event: event.value, evidenceOf }) : event
  if (told.ok && told.value) return told.value
  const source = {
    ...{ appId: instance.appId, instance: instance.instance },
    environment: isPlayMoney(body) ? ('test' as const) : ('live' as const),
    evidence: evidenceOf('callback'),
  }
  return told.ok
    ? { kind: 'no_concern', source }
    : { kind: 'not_understood', source, details: told.refusal.details ?? [] }
}

/** Null: nothing to do. */
function translate(
  instance: StripeInstance,
  { event, evidenceOf }: { event: StripeEvent; evidenceOf: EvidenceOf },
): Outcome<StripeMessage | null> {
  const { object } = event.data
  const environment = event.livemode && !isPlayMoney(object) ? 'live' : 'test'
  const about = (kind: Evidence['kind']) => ({ environment, evidence: evidenceOf(kind) }) as const
  switch (event.type) {
    case 'checkout.session.completed':
    case 'checkout.session.async_payment_succeeded': {
      const session = fitting(SessionSchema, object)
      const payment = session.ok ? sessionPayment(instance, { session: session.value, ...about('payment') }) : session
      return payment.ok ? accepted(payment.value && { kind: 'payment', payment: payment.value }) : payment
    }
    case 'payment_intent.succeeded': {
      const intent = fitting(IntentSchema, object)
      const payment = intent.ok ? intentPayment(instance, { intent: intent.value, ...about('payment') }) : intent
      return payment.ok ? accepted(payment.value && { kind: 'payment', payment: payment.value }) : payment
    }
    case 'checkout.session.async_payment_failed':
    case 'checkout.session.expired': {
      const session = fitting(SessionSchema, object)
      if (!session.ok) return session
      const errorCode = event.type === 'checkout.session.expired' ? GIVEN_UP : ASYNC_FAILED
      const failure = sessionFailure(instance, { session: session.value, errorCode, ...about('failure') })
      return accepted(failure && { kind: 'failure', failure })
    }
    case 'refund.created':
    case 'refund.updated':
    case 'refund.failed':
    case 'charge.refund.updated': {
      const refund = fitting(RefundSchema, object)
      const notice = refund.ok ? refundNotice(instance, { event, refund: refund.value, ...about('notice') }) : refund
      return notice.ok ? accepted(notice.value && { kind: 'notice', notice: notice.value }) : notice
    }
    case 'charge.dispute.created':
    case 'charge.dispute.closed': {
      const dispute = fitting(DisputeSchema, object)
      const notice = dispute.ok
        ? disputeNotice(instance, { event, dispute: dispute.value, ...about('notice') })
        : dispute
      return notice.ok ? accepted(notice.value && { kind: 'notice', notice: notice.value }) : notice
    }
    // Also what Stripe tells of the same money in other words: of a charge, an attempt, funds that were moved.
    default:
      return accepted(null)
  }
}
