import { Type } from 'typebox'
import { ChannelNameField, OrderIdField } from '../../http/fields.ts'
import { RawAnswer } from '../../http/raw-answer.ts'
import { defineRoute } from '../../http/route.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import { ORDER_EXAMPLE, OrderAnswer, orderAnswer } from '../orders/index.ts'
import { answerCallback } from './answer-callback.ts'
import { type CheckDeps, checkOrder } from './check-order.ts'
import { SETTLEMENT_ERRORS, SETTLEMENT_EXAMPLE, SettlementAnswer, settlementAnswer } from './message-answers.ts'
import { verifyPurchase } from './verify-purchase.ts'

/** The calls behind which a platform stands: its callbacks, what a device has bought, and our questions to it. */
export function channelRoutes(deps: CheckDeps) {
  return {
    checkOrder: checkRoute(deps),
    verifyPurchase: verifyRoute(deps),
    receiveWebhook: webhookRoute(deps, Type.Object({ instance: InstanceField })),
    receiveNamedWebhook: webhookRoute(deps, Type.Object({ instance: InstanceField, callback: CallbackField })),
  }
}

const InstanceField = Type.String({ pattern: '^[a-z0-9][a-z0-9_-]{0,63}$', description: 'The channel, as configured' })
const CallbackField = Type.String({
  pattern: '^[a-z0-9][a-z0-9_-]{0,63}$',
  description: 'Where a platform has several',
})

function checkRoute(deps: CheckDeps) {
  return defineRoute({
    summary: 'I paid and got nothing',
    description:
      'Asks the platform whether the order was paid, settles it if it was, and answers the order as it stands. ' +
      'Once in ten seconds for each order. No key is needed: the payment is its own.',
    tag: 'Orders',
    access: 'player',
    params: Type.Object({ order_id: OrderIdField }),
    body: Type.Object({}),
    answer: OrderAnswer,
    errors: ['order_not_found', 'too_many_requests', 'channel_unavailable', 'settlement_failed'],
    examples: { body: {}, answer: { ...ORDER_EXAMPLE, payment_channel: 'sandbox' } },
    handle: async ({ caller, params, language, requestId }) => {
      const orderId = params.order_id as OrderId
      const { appId, playerId } = caller
      const checked = await checkOrder(deps, { appId, playerId, orderId, requestId })
      return checked.ok ? accepted(orderAnswer(checked.value, language)) : checked
    },
  })
}

const PURCHASE_ERRORS = [
  ...(['test_mode', 'purchase_not_found', 'invalid_signature', 'account_mismatch'] as const),
  ...(['purchase_shared', 'purchase_revoked', 'purchase_pending'] as const),
] as const

function verifyRoute(deps: CheckDeps) {
  return defineRoute({
    summary: 'A purchase made on the device',
    description:
      'Proves with the platform what a device has bought and settles it. Beside `payment_channel` it takes what that ' +
      'channel asks for (the sandbox: `transaction_id`; the App Store: `signed_transaction`; Google Play: `product_id` and ' +
      '`purchase_token`). Finish the transaction on the device only after a 200, or ' +
      'where `action` is `finish_transaction`.',
    tag: 'Payments',
    access: 'player',
    body: Type.Object({ payment_channel: ChannelNameField }),
    answer: SettlementAnswer,
    errors: [...PURCHASE_ERRORS, 'too_many_requests', 'channel_unavailable', ...SETTLEMENT_ERRORS],
    examples: { body: { payment_channel: 'sandbox' }, answer: SETTLEMENT_EXAMPLE },
    handle: async ({ caller, body, language, requestId }) => {
      const { appId, playerId } = caller
      const purchase = { appId, playerId, channel: body.payment_channel, told: body, requestId }
      const settled = await verifyPurchase(deps, purchase)
      return settled.ok ? accepted(settlementAnswer(settled.value, language)) : settled
    },
  })
}

function webhookRoute(deps: CheckDeps, params: ReturnType<typeof Type.Object>) {
  return defineRoute({
    summary: "A platform's callback",
    description:
      'Proven by the signature of the platform, over the body as it was sent; safe to send again for ever. Money that ' +
      'waits for a person is accepted: `order_status` is `review` and `refusal` says why. A platform that reads answers of ' +
      'another form than this is answered in its own.',
    tag: 'Payments',
    access: 'webhook',
    params,
    answer: Type.Object({
      order_id: Type.Union([Type.String(), Type.Null()], {
        description: 'Null where no order was touched: its payment has not come, or is a test purchase',
      }),
      order_status: Type.Union([Type.String(), Type.Null()]),
      refusal: Type.Union([Type.String(), Type.Null()], {
        description: 'Why the money waits for a person; `test_mode`: kept, and nothing was booked',
      }),
      msg: Type.String(),
    }),
    errors: ['channel_not_found', 'invalid_fields', 'player_not_found', 'item_not_found', 'settlement_failed'],
    examples: {
      answer: { order_id: SETTLEMENT_EXAMPLE.order_id, order_status: 'completed', refusal: null, msg: 'Recorded.' },
    },
    handle: async ({ params: named, headers, rawBody, language, requestId }) => {
      const { instance, callback = null } = named as { instance: string; callback?: string }
      const call = { instance, callback, headers, rawBody, requestId, nowMs: deps.clock.nowMs() }
      const received = await answerCallback(deps, call)
      if (!received.ok) return received
      if ('own' in received.value) {
        const { own, refusal } = received.value
        return accepted(new RawAnswer({ ...own, refusal }))
      }
      return accepted({
        order_id: received.value.orderId,
        order_status: received.value.orderStatus,
        refusal: received.value.refusal,
        msg: language === 'zh' ? '已记录。' : 'Recorded.',
      })
    },
  })
}
