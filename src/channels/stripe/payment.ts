import type { OrderId } from '../../kernel/ids.ts'
import type { Money } from '../../kernel/money.ts'
import { accepted, type Outcome, refusedField } from '../../kernel/outcome.ts'
import type { PaymentEnvironment } from '../../kernel/payment-environment.ts'
import {
  type Charged,
  type Evidence,
  type VerifiedFailure,
  type VerifiedPayment,
  vouchForFailure,
  vouchForPayment,
} from '../channel.ts'
import { fromStripe } from './amounts.ts'
import { type Claim, readClaim, type StripeInstance } from './claim.ts'
import { idOf, METADATA, type StripeIntent, type StripeSession } from './wire.ts'

interface About {
  readonly environment: PaymentEnvironment
  readonly evidence: Evidence
}

// `unpaid`: a method that takes days; Stripe tells of its end. Any status to come is no money either.
const PAID_STATUSES: ReadonlySet<string> = new Set(['paid', 'no_payment_required'])

/** The payment of a Checkout Session; null while it is not paid, and for what is not this app's. */
export function sessionPayment(
  instance: StripeInstance,
  { session, ...about }: About & { session: StripeSession },
): Outcome<VerifiedPayment | null> {
  if (session.mode !== 'payment' || !PAID_STATUSES.has(session.payment_status)) return accepted(null)
  const claim = readClaim(instance, sessionClaim(session))
  if (!claim.ok || claim.value === null) return claim.ok ? accepted(null) : claim
  const { currency, amount_subtotal: subtotal, amount_total: total } = session
  const inOurs = (amount: number | null | undefined): Money | null =>
    typeof amount === 'number' && currency ? fromStripe({ amount, currency }) : null
  const [price, paid] = [inOurs(subtotal), inOurs(total)]
  if (price === null) return refusedField('amount_subtotal', 'is no amount of a currency that we know')
  if (paid === null) return refusedField('amount_total', 'is no amount of a currency that we know')
  const { amount_tax: tax = null, amount_discount: discount = null } = session.total_details ?? {}
  const charged = {
    totalMinor: paid.minor,
    taxMinor: inOurs(tax)?.minor ?? null,
    discountMinor: inOurs(discount)?.minor ?? null,
  }
  // A session for nothing has no PaymentIntent.
  const intentId = idOf(session.payment_intent)
  const names = intentId === null ? { transactionId: session.id } : { transactionId: intentId, otherIds: [session.id] }
  return accepted(verified(instance, { claim: claim.value, id: session.id, ...names, price, charged, ...about }))
}

/** The payment of a PaymentIntent whose maker says that no session tells of it; null for any other. */
export function intentPayment(
  instance: StripeInstance,
  { intent, ...about }: About & { intent: StripeIntent },
): Outcome<VerifiedPayment | null> {
  const { metadata, id, amount_received: amount, currency } = intent
  const isAlone =
    metadata && Object.hasOwn(metadata, METADATA.settleBy) && metadata[METADATA.settleBy] === intent.object
  if (!isAlone || intent.status !== 'succeeded') return accepted(null)
  const claim = readClaim(instance, { metadata, reference: null, link: null })
  if (!claim.ok || claim.value === null) return claim.ok ? accepted(null) : claim
  const price = fromStripe({ amount, currency })
  if (price === null) return refusedField('amount_received', 'is no amount of a currency that we know')
  return accepted(verified(instance, { claim: claim.value, id, transactionId: id, price, ...about }))
}

function verified(
  { appId, instance, priceRule }: StripeInstance,
  told: About & {
    claim: Claim
    /** Of the object that tells of it. */
    id: string
    transactionId: string
    otherIds?: readonly string[]
    price: Money
    charged?: Charged
  },
): VerifiedPayment {
  const { claim, id, price, charged } = told
  const { orderId, playerId, itemId, quantity } = claim
  const isTotalAnother = charged !== undefined && charged.totalMinor !== price.minor
  return vouchForPayment({
    ...{ appId, instance, environment: told.environment, evidence: told.evidence, playerId, priceRule },
    ...{ transactionId: told.transactionId, otherIds: told.otherIds ?? [], factsAreIdentity: false },
    ...(charged === undefined ? {} : { charged }),
    lines: [
      {
        ...{ lineNo: 1, orderId: orderId ?? (`${instance}:${id}` as OrderId), itemId, quantity, price },
        // Taxes are in it or come on top, as the studio has set that up.
        ...(isTotalAnother ? { priceReadings: [{ ...price, minor: charged.totalMinor }] } : {}),
      },
    ],
    shown: { channel: instance, method: null },
  })
}

/** A session that came to nothing; null where no order of ours hangs on it. */
export function sessionFailure(
  instance: StripeInstance,
  { session, errorCode, environment, evidence }: About & { session: StripeSession; errorCode: string },
): VerifiedFailure | null {
  const claim = readClaim(instance, sessionClaim(session))
  if (session.mode !== 'payment' || !claim.ok || !claim.value?.orderId) return null
  const { orderId, playerId, itemId } = claim.value
  const { appId, instance: name } = instance
  return vouchForFailure({
    ...{ appId, instance: name, environment, evidence, playerId, orderId, itemId, errorCode },
    shown: { channel: name, method: null },
  })
}

function sessionClaim({ metadata, client_reference_id: reference = null, payment_link: link }: StripeSession) {
  return { metadata, reference, link: idOf(link) }
}
