import { signXsollaBody } from '../../../src/channels/xsolla/index.ts'
import { APP_ID } from '../test-app.ts'
import type { Bought, Voice, VoiceMessage } from './voice.ts'

const SETTINGS = { project_id: 51123, merchant_id: 7411 }
const FIRST_NUMBER = 9_000_000
const ANY_DAY_MS = Date.UTC(2026, 0, 1)

/**
 * Xsolla as older accounts have it, which tells of one thing in two messages: of a payment and its order, of a refund and its
 * order's cancellation. A dispute is told of when it is lost.
 */
export const xsollaVoice: Voice = {
  channels: (secret) => ({
    xsolla: { appId: APP_ID, secretKeys: [secret], projectId: SETTINGS.project_id, merchantId: SETTINGS.merchant_id },
  }),
  tells: {
    failures: false,
    refunds: 'each_sum',
    undoneRefunds: false,
    wildSums: false,
    disputes: ['lost at once'],
    secondCharges: true,
    wrongPrices: 'in_review',
  },
  orderId: (no) => `any-${no}`,
  transactionId: ({ orderNo, chargeNo }) => String(FIRST_NUMBER + 10 * orderNo + chargeNo),
  payment: (bought) => [
    message({
      notification_type: 'payment',
      ...{ settings: SETTINGS, transaction: { id: Number(bought.transactionId) }, user: { id: bought.uid } },
      purchase: { total: { currency: 'USD', amount: major(bought.amountMinor) } },
    }),
    message({ notification_type: 'order_paid', ...orderOf(bought), custom_parameters: { order_id: bought.orderId } }),
  ],
  failure: () => [],
  notice: (bought, { type, id, amountMinor, atMs }) => {
    const transaction = { id: Number(bought.transactionId) }
    if (amountMinor === undefined) {
      const refund_details = { code: type === 'dispute.lost' ? 2 : 1, reason: id }
      return [
        message({ notification_type: 'refund', settings: SETTINGS, transaction, refund_details }),
        message({ notification_type: 'order_canceled', ...orderOf(bought) }),
      ]
    }
    const date = new Date(ANY_DAY_MS + atMs).toISOString()
    const purchase = { total: { currency: 'USD', amount: major(amountMinor) } }
    const refund_details = { code: 1, reason: id }
    const part = { settings: SETTINGS, transaction: { ...transaction, date }, purchase, refund_details }
    return [message({ notification_type: 'partial_refund', ...part })]
  },
  sign: (secret, { message: { body } }) => ({ authorization: signXsollaBody(secret, body) }),
  isTaken: ({ status }) => status === 204,
}

function message(said: object): VoiceMessage {
  return { path: '/webhooks/xsolla', body: JSON.stringify(said) }
}

/** An order of ours is one there too, also where it is paid twice; its cancellation names the transaction beside it. */
function orderOf({ transactionId, uid, itemId, amountMinor }: Bought): object {
  const amount = `${major(amountMinor)}00`
  return {
    items: [{ sku: String(itemId), type: 'virtual_good', is_pre_order: false, quantity: 1, amount, promotions: [] }],
    order: {
      ...{
        id: Math.floor((Number(transactionId) - FIRST_NUMBER) / 10) + 1,
        mode: 'default',
        currency_type: 'real',
        currency: 'USD',
        amount,
      },
      ...{ status: 'paid', platform: 'xsolla', comment: null, invoice_id: transactionId, promotions: [] },
    },
    user: { external_id: uid, email: 'any@example.com' },
  }
}

function major(minor: number): string {
  return `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`
}
