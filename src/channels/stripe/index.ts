import { accepted } from '../../kernel/outcome.ts'
import type { Channel } from '../channel.ts'
import { closeSession, openSession } from './checkout.ts'
import type { StripeInstance } from './claim.ts'
import { openClient } from './client.ts'
import { listEvents, lookUpSession } from './look-up.ts'
import { receiveEvent } from './receive.ts'
import { makeRefund, standingOf } from './refund.ts'
import { readStripeReport } from './report.ts'
import { loadSdk } from './sdk.ts'

export { toStripe } from './amounts.ts'
export type { StripeInstance } from './claim.ts'
export { STRIPE_SIGNATURE_HEADER, signStripeEvent } from './sign.ts'

/**
 * The channel of Stripe's Checkout. Without a key it asks Stripe for nothing: a backend of the studio's own opens the
 * checkouts and makes the refunds, and Stripe's events tell of both.
 */
export function openStripeChannel(settings: StripeInstance, { timeoutMs }: { timeoutMs?: number } = {}): Channel {
  const { instance, appId, secretKey } = settings
  // The first event should not wait for it; whoever needs it is told why it could not be loaded.
  loadSdk().catch(() => undefined)
  const told: Channel = {
    ...{ instance, appId },
    openCheckout: async () => accepted({ kind: 'external' }),
    receive: (call) => receiveEvent(settings, call),
    readReport: (text) => readStripeReport(appId, text),
  }
  if (secretKey === null) return told
  const ask = openClient({ ...settings, secretKey }, timeoutMs === undefined ? {} : { timeoutMs })
  return {
    ...told,
    keepsCheckouts: true,
    openCheckout: (order) => openSession(settings, { ask, order }),
    closeCheckout: (checkout) => closeSession(ask, checkout),
    lookUpPayment: (order) => lookUpSession(settings, { ask, order }),
    lookUpStanding: (payment) => standingOf(ask, payment),
    refundPayment: (refund) => makeRefund(ask, refund),
    listMessages: (span) => listEvents(settings, { ask, span }),
  }
}
