import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import { type Evidence, type NoticeFacts, type VerifiedNotice, vouchForNotice } from '../channel.ts'
import { fromStripe } from './amounts.ts'
import type { StripeInstance } from './claim.ts'
import { idOf, type StripeDispute, type StripeEvent, type StripeRefund } from './wire.ts'

interface About {
  readonly event: StripeEvent
  readonly environment: PaymentEnvironment
  readonly evidence: Evidence
}

type State = NoticeFacts['state']

/** What became of a refund; null while nobody knows. */
export function refundNotice(
  instance: StripeInstance,
  { refund, ...about }: About & { refund: StripeRefund },
): Outcome<VerifiedNotice | null> {
  return noticeOf(instance, { ...about, cause: 'refund', object: refund, state: refundState(refund.status ?? '') })
}

/** Money that is still on its way back is not gone yet; a status that is to come says nothing. */
export function refundState(status: string): Exclude<State, 'open'> | null {
  switch (status) {
    case 'succeeded':
      return 'taken'
    case 'failed':
    case 'canceled':
      return 'undone'
    default:
      return null
  }
}

/** A dispute that was opened, or what was decided; null for what says neither. */
export function disputeNotice(
  instance: StripeInstance,
  { dispute, ...about }: About & { dispute: StripeDispute },
): Outcome<VerifiedNotice | null> {
  const state = about.event.type === 'charge.dispute.created' ? 'open' : decidedState(dispute.status)
  return noticeOf(instance, { ...about, cause: 'dispute', object: dispute, state })
}

/** `warning_closed`: an inquiry that came to nothing. `prevented`: settled by a refund, of which Stripe tells apart. */
export function decidedState(status: string): Exclude<State, 'open'> | null {
  switch (status) {
    case 'lost':
      return 'taken'
    case 'won':
    case 'warning_closed':
    case 'prevented':
      return 'undone'
    default:
      return null
  }
}

function noticeOf(
  { appId, instance }: StripeInstance,
  told: About & {
    cause: NoticeFacts['cause']
    object: Pick<StripeRefund, 'id' | 'amount' | 'currency' | 'charge' | 'payment_intent'>
    state: State | null
  },
): Outcome<VerifiedNotice | null> {
  const { event, environment, evidence, cause, object, state } = told
  if (state === null) return accepted(null)
  const paymentIds = [idOf(object.payment_intent), idOf(object.charge)].filter((id) => id !== null)
  if (paymentIds.length === 0) return refusedField('payment_intent', 'is missing, and so is the charge')
  const amount = fromStripe(object)
  if (amount === null) return refusedField('amount', 'is no amount of a currency that we know')
  return accepted(
    vouchForNotice({
      ...{ appId, instance, environment, evidence, paymentIds, cause, causeId: object.id, state, lineNo: null, amount },
      occurredAtMs: event.created * 1000,
    }),
  )
}
