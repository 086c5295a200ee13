import { signBody } from '../timestamped-signature.ts'

/** The header in which Stripe proves an event. */
export const STRIPE_SIGNATURE_HEADER = 'stripe-signature'

/** Signs an event as Stripe does: by the whole endpoint secret, `whsec_` and all. */
export const signStripeEvent = signBody
