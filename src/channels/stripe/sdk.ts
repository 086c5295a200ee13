import type { Stripe } from 'stripe'

let loading: Promise<typeof Stripe> | null = null

/**
 * The official library, loaded once something is configured for it: that costs a tenth of a second and 15 MB, which nobody
 * pays who does without Stripe.
 */
export function loadSdk(): Promise<typeof Stripe> {
  loading ??= import('stripe').then((module) => module.Stripe)
  return loading
}
