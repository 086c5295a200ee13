import { Type } from 'typebox'
import type { DirectChannel, Evidence } from '../../channels/channel.ts'
import { CallerOrderIdField, CurrencyField, ItemIdField, PriceField, shortText, UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { accepted } from '../../kernel/outcome.ts'
import type { PaymentLane } from './payment-lane.ts'
import { recordFailure } from './record-failure.ts'
import { type SettlementFailureReport, settleOnePayment } from './settle-one.ts'
import type { SettleDeps } from './settle-payments.ts'

export interface PaymentDeps extends SettleDeps {
  readonly lane: PaymentLane
  readonly report: SettlementFailureReport
  readonly direct: DirectChannel
}

interface PaymentRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly rawBody: Uint8Array
  readonly requestId: string
}

const MessageFields = {
  order_id: CallerOrderIdField,
  uid: UidField,
  item_id: ItemIdField,
  payment_channel: Type.Optional(shortText(64, 'Shown with the order; with a signature, the name of its instance')),
  payment_method: Type.Optional(shortText(64, 'Shown with the order')),
  ip: Type.Optional(shortText(64, "The payer's address")),
  country: Type.Optional(shortText(64, "The payer's country")),
  email: Type.Optional(shortText(254, "The payer's mail address")),
  custom_param: Type.Optional(Type.Unknown({ description: 'Kept with the message, never read' })),
}

const SuccessBody = Type.Object({
  ...MessageFields,
  price: PriceField,
  currency: CurrencyField,
  transaction_id: Type.Optional(
    Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200, description: "The platform's id of the payment" }),
  ),
  web_pay_error_code: Type.Optional(
    Type.Unsafe<never>({ not: {}, description: 'A failure: send it to /payment/failure' }),
  ),
})

const FailureBody = Type.Object({
  ...MessageFields,
  web_pay_error_code: Type.String({
    minLength: 1,
    maxLength: 64,
    pattern: '^[!-~]+$',
    description: '`PAYMENT_CANCELLED` when the player gave up; anything else is a failure',
  }),
  price: Type.Optional(PriceField),
  currency: Type.Optional(CurrencyField),
  web_lang: Type.Optional(shortText(64, 'Kept with the message')),
  browser_lang: Type.Optional(shortText(64, 'Kept with the message')),
})

const SuccessAnswer = Type.Object({
  order_id: Type.String(),
  order_status: Type.String(),
  coins_granted: Type.Integer(),
  tokens_granted: Type.Integer(),
  is_first_charge: Type.Boolean(),
  replayed: Type.Boolean({ description: 'True when an earlier delivery had granted it' }),
  balance: Type.Object(
    { coins: Type.Integer(), tokens: Type.Integer() },
    { description: 'The wallet right after the grant' },
  ),
  msg: Type.String(),
})

const FailureAnswer = Type.Object({
  order_id: Type.String(),
  order_status: Type.String({ description: 'As it truly is: a late failure never undoes a completed order' }),
  error_code: Type.Union([Type.String(), Type.Null()]),
  msg: Type.String(),
})

const EXAMPLE_MESSAGE = { order_id: 'order-20261101-0001', uid: '10001', item_id: 1 }

/** The calls by which a trusted server tells what became of a payment. */
export function paymentRoutes(deps: PaymentDeps) {
  return { paymentSuccess: successRoute(deps), paymentFailure: failureRoute(deps) }
}

function successRoute(deps: PaymentDeps) {
  return defineRoute({
    summary: 'A payment succeeded',
    description:
      'Grants the order once, however often it is sent. Trusted callers only: a `server` token, or an `X-Signature` ' +
      '`t=<unix seconds>,v1=<hex hmac-sha256 of "<t>.<raw body>">` of a `signed` instance (named by `X-Channel` or ' +
      '`payment_channel`). A signature, where there is one, alone decides.',
    tag: 'Payments',
    access: 'payer',
    body: SuccessBody,
    answer: SuccessAnswer,
    errors: [
      'player_not_found',
      'item_not_found',
      'item_locked',
      'order_conflict',
      'price_mismatch',
      'balance_overflow',
      'settlement_failed',
    ],
    examples: {
      body: { ...EXAMPLE_MESSAGE, price: 19.99, currency: 'USD', transaction_id: 'txn-1', payment_channel: 'stripe' },
      answer: {
        order_id: EXAMPLE_MESSAGE.order_id,
        order_status: 'completed',
        coins_granted: 1000,
        tokens_granted: 22,
        is_first_charge: true,
        replayed: false,
        balance: { coins: 1000, tokens: 0 },
        msg: 'Payment received: 1000 coins added, 22 tokens in the inbox.',
      },
    },
    handle: async (request) => {
      const evidence = evidenceOf(deps, { request, kind: 'payment' })
      const verified = deps.direct.payment(request.caller, { message: request.body, evidence })
      if (!verified.ok) return verified
      const settled = await settleOnePayment(deps, verified.value)
      if (!settled.ok) return settled
      const { value } = settled
      return accepted({
        order_id: value.orderId,
        order_status: value.orderStatus,
        coins_granted: value.coinsGranted,
        tokens_granted: value.tokensGranted,
        is_first_charge: value.isFirstCharge,
        replayed: value.replayed,
        balance: value.balance,
        msg:
          request.language === 'zh'
            ? `支付成功：${value.coinsGranted} 金币已到账，${value.tokensGranted} 第三货币已放入收件箱。`
            : `Payment received: ${value.coinsGranted} coins added, ${value.tokensGranted} tokens in the inbox.`,
      })
    },
  })
}

function failureRoute(deps: PaymentDeps) {
  return defineRoute({
    summary: 'A payment failed or was given up',
    description: 'Records it. A late failure never undoes a completed order: the answer tells its true state.',
    tag: 'Payments',
    access: 'payer',
    body: FailureBody,
    answer: FailureAnswer,
    errors: ['player_not_found', 'item_not_found', 'order_conflict'],
    examples: {
      body: { ...EXAMPLE_MESSAGE, web_pay_error_code: 'CARD_DECLINED' },
      answer: {
        order_id: EXAMPLE_MESSAGE.order_id,
        order_status: 'failed',
        error_code: 'CARD_DECLINED',
        msg: 'Recorded.',
      },
    },
    handle: async (request) => {
      const evidence = evidenceOf(deps, { request, kind: 'failure' })
      const verified = deps.direct.failure(request.caller, { message: request.body, evidence })
      if (!verified.ok) return verified
      const recorded = await recordFailure(deps, verified.value)
      if (!recorded.ok) return recorded
      return accepted({
        order_id: recorded.value.orderId,
        order_status: recorded.value.orderStatus,
        error_code: recorded.value.errorCode,
        msg: request.language === 'zh' ? '已记录。' : 'Recorded.',
      })
    },
  })
}

// What proves or explains a message; never a token or a cookie.
const KEPT_HEADERS = ['content-type', 'user-agent', 'x-signature', 'x-channel'] as const
const KEPT_HEADER_LENGTH_MAX = 300

function evidenceOf(
  deps: PaymentDeps,
  { request, kind }: { request: PaymentRequest; kind: Evidence['kind'] },
): Evidence {
  const headers: Record<string, string> = {}
  for (const name of KEPT_HEADERS) {
    const value = request.headers[name]
    if (typeof value === 'string') headers[name] = value.slice(0, KEPT_HEADER_LENGTH_MAX)
  }
  return { kind, headers, rawBody: request.rawBody, receivedAtMs: deps.clock.nowMs(), requestId: request.requestId }
}
