import { SIGNATURE_HEADER, signAppcharge, TOKEN_HEADER } from '../../../src/channels/appcharge/index.ts'
import { APP_ID } from '../test-app.ts'
import type { Bought, Fact, Voice, VoiceMessage } from './voice.ts'

const ANY_DAY_MS = Date.UTC(2026, 0, 1)
const AWARD_PATH = '/webhooks/appcharge/award'

/** A web store and its checkouts: awards are waited for, refunds are whole, disputes are won or lost. */
export const appchargeVoice: Voice = {
  channels: (secret) => ({
    appcharge: { appId: APP_ID, mainKeys: [secret], publisherToken: tokenOf(secret) },
  }),
  tells: {
    failures: true,
    refunds: 'whole',
    undoneRefunds: false,
    wildSums: false,
    disputes: ['open', 'lost', 'won', 'lost then won', 'lost at once'],
    secondCharges: true,
    wrongPrices: 'in_review',
  },
  // As orders of ours are called: only those are named in the metadata of a session.
  orderId: (no) => `ord_${String(no).padStart(32, '0')}`,
  transactionId: ({ orderNo, chargeNo }) => `ac-${orderNo}-${chargeNo}`,
  payment: (bought) => [{ path: AWARD_PATH, body: JSON.stringify(awardOf(bought)) }],
  failure: ({ orderId, uid, itemId }) => [
    event({
      eventName: 'order.payment.resolved',
      timestamp: ANY_DAY_MS,
      result: 'failed',
      customer: { id: uid },
      offer: { externalId: String(itemId) },
      sessionMetadata: { order_id: orderId },
    }),
  ],
  notice: ({ transactionId }, fact) => [
    event({
      ...whatOf(fact),
      timestamp: ANY_DAY_MS + fact.atMs,
      transactions: [
        { purchaseId: `pr-${transactionId}`, type: fact.type.startsWith('refund') ? 'refund' : 'dispute' },
      ],
    }),
  ],
  sign: (secret, { message: { body }, nowMs }) => ({
    [SIGNATURE_HEADER]: signAppcharge(secret, { body, nowMs }),
    [TOKEN_HEADER]: tokenOf(secret),
  }),
  // Money that waits for a person is refused in words: a person there sends the award again once it is approved here.
  isTaken: ({ status, body }, { path }) =>
    status === 200 || (path === AWARD_PATH && status === 400 && typeof body.publisherErrorMessage === 'string'),
}

function tokenOf(secret: string): string {
  return `token-of-${secret.slice(0, 8)}`
}

function awardOf({ transactionId, orderId, uid, itemId, amountMinor }: Bought): object {
  return {
    orderId: transactionId,
    purchaseId: `pr-${transactionId}`,
    playerId: uid,
    sku: String(itemId),
    products: [],
    ...{ priceInCents: amountMinor, subTotal: amountMinor, tax: 0, currency: 'USD' },
    ...{ action: 'purchase', actionStatus: 'completed' },
    sessionMetadata: { order_id: orderId },
  }
}

function whatOf({ type }: Fact): object {
  if (type === 'refund.succeeded') return { eventName: 'order.refunded' }
  if (type === 'dispute.opened') return { eventName: 'order.dispute.opened', result: null }
  return { eventName: 'order.dispute.resolved', result: type === 'dispute.won' ? 'won' : 'lost' }
}

function event(said: object): VoiceMessage {
  return { path: '/webhooks/appcharge/events', body: JSON.stringify(said) }
}
