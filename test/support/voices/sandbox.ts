import { SANDBOX_SIGNATURE_HEADER, signSandboxMessage } from '../../../src/channels/sandbox/index.ts'
import type { Config } from '../../../src/config/config.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { openKeyValueStore } from '../../../src/kv/open.ts'
import { type Purchase, purchase, tellingOf } from '../reversals.ts'
import { APP_ID } from '../test-app.ts'
import type { Bought, Voice, VoiceMessage } from './voice.ts'

/** The platform that a local server plays: it can tell everything that our own words have. */
export const sandboxVoice: Voice = {
  channels: () => ({ sandbox: { appId: APP_ID } }),
  readSecret: serversSecret,
  tells: {
    failures: true,
    refunds: 'each_sum',
    undoneRefunds: true,
    wildSums: true,
    disputes: ['open', 'lost', 'won', 'lost then won'],
    secondCharges: true,
    wrongPrices: 'in_review',
  },
  orderId: (no) => `any-${no}`,
  transactionId: ({ orderNo, chargeNo }) => `sbx_any-${orderNo}_${chargeNo}`,
  payment: (bought) => [message(tellingOf(purchaseOf(bought), { type: 'payment.succeeded' }))],
  failure: (bought) => [
    message(JSON.stringify({ type: 'payment.failed', code: 'CARD_DECLINED', purchase: purchaseOf(bought) })),
  ],
  notice: (bought, fact) => [message(tellingOf(purchaseOf(bought), fact))],
  sign: (secret, { message: { body }, nowMs }) => ({
    [SANDBOX_SIGNATURE_HEADER]: signSandboxMessage(secret, { body, nowMs }),
  }),
  isTaken: ({ status }) => status === 200,
}

function message(body: string): VoiceMessage {
  return { path: '/webhooks/sandbox', body }
}

function purchaseOf({ transactionId, orderId, uid, itemId, amountMinor }: Bought): Purchase {
  const what = { item_id: itemId, amount_minor: amountMinor }
  return purchase({ order_id: orderId, uid, ...what, transaction_id: transactionId })
}

/** What the server has made at its first start. */
async function serversSecret({ keyValue }: Config): Promise<string> {
  const kv = await openKeyValueStore(
    keyValue.kind === 'sqlite'
      ? { ...keyValue, clock: systemClock }
      : { kind: 'redis', prefix: keyValue.prefix, config: keyValue.sessions },
  )
  const secret = (await kv.get('sandbox-secret')) ?? ''
  await kv.close()
  return secret
}
