import { signBody } from '../../../src/channels/signed/index.ts'
import { APP_ID } from '../test-app.ts'
import type { Bought, Voice, VoiceMessage } from './voice.ts'

const ANY_DAY_MS = Date.UTC(2026, 0, 1)

/** A partner that tells everything by its webhook, in our own form. */
export const signedVoice: Voice = {
  channels: (secret) => ({ signed: { appId: APP_ID, secrets: [secret] } }),
  tells: {
    failures: true,
    refunds: 'each_sum',
    undoneRefunds: true,
    wildSums: false,
    disputes: ['open', 'lost', 'won', 'lost then won', 'lost at once'],
    secondCharges: true,
    wrongPrices: 'in_review',
  },
  orderId: (no) => `any-${no}`,
  transactionId: ({ orderNo, chargeNo }) => `t-${orderNo}-${chargeNo}`,
  payment: (bought) => [
    message({
      type: 'payment.succeeded',
      ...whatOf(bought),
      ...priceOf({ minor: bought.amountMinor, as: 'price' }),
      transaction_id: bought.transactionId,
    }),
  ],
  failure: (bought) => [message({ type: 'payment.failed', ...whatOf(bought), web_pay_error_code: 'CARD_DECLINED' })],
  notice: ({ transactionId }, { type, id, amountMinor, atMs }) => [
    message({
      type,
      transaction_id: transactionId,
      reversal_id: id,
      ...(amountMinor === undefined ? {} : priceOf({ minor: amountMinor, as: 'amount' })),
      occurred_at: new Date(ANY_DAY_MS + atMs).toISOString(),
    }),
  ],
  sign: (secret, { message: { body }, nowMs }) => ({ 'x-signature': signBody(secret, { body, nowMs }) }),
  isTaken: ({ status }) => status === 200,
}

function message(said: object): VoiceMessage {
  return { path: '/webhooks/signed', body: JSON.stringify(said) }
}

function whatOf({ orderId, uid, itemId }: Bought): object {
  return { order_id: orderId, uid, item_id: itemId }
}

function priceOf({ minor, as }: { minor: number; as: 'price' | 'amount' }): object {
  return { [as]: `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`, currency: 'USD' }
}
