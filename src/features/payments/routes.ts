import { Type } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import type { DirectChannel, Evidence, ProvenCaller } from '../../channels/channel.ts'
import { faultsOf } from '../../http/field-faults.ts'
import { CallerOrderIdField, CurrencyField, ItemIdField, PriceField, shortText, UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { accepted, type FieldFault, type Refusal } from '../../kernel/outcome.ts'
import { keepAlone } from './keep-message.ts'
import {
  FailureAnswer,
  failureAnswer,
  SETTLEMENT_ERRORS,
  SETTLEMENT_EXAMPLE,
  SettlementAnswer,
  settlementAnswer,
  testModeAnswer,
  testModeFailureAnswer,
} from './message-answers.ts'
import { type MessageDeps, recordMessage, settleMessage } from './settle-message.ts'

export interface PaymentDeps extends MessageDeps {
  readonly direct: DirectChannel
}

interface PaymentRequest {
  readonly caller: ProvenCaller
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
  test: Type.Optional(Type.Boolean({ description: "True: play money of a platform's test mode" })),
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
    answer: SettlementAnswer,
    errors: SETTLEMENT_ERRORS,
    examples: {
      body: { ...EXAMPLE_MESSAGE, price: 19.99, currency: 'USD', transaction_id: 'txn-1', payment_channel: 'stripe' },
      answer: SETTLEMENT_EXAMPLE,
    },
    onInvalid: (request) => keepInvalid(deps, { request, kind: 'payment' }),
    handle: async (request) => {
      const evidence = evidenceOf(deps, { request, kind: 'payment' })
      const verified = deps.direct.payment(request.caller, { message: request.body, evidence })
      if (!verified.ok) return keepRefused(deps, { request, kind: 'payment' }, verified)
      const settled = await settleMessage(deps, verified.value)
      if (!settled.ok && settled.refusal.code === 'test_mode') {
        return accepted(testModeAnswer(request.body.order_id, request.language))
      }
      if (!settled.ok) return settled
      return accepted(settlementAnswer(settled.value, request.language))
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
    onInvalid: (request) => keepInvalid(deps, { request, kind: 'failure' }),
    handle: async (request) => {
      const evidence = evidenceOf(deps, { request, kind: 'failure' })
      const verified = deps.direct.failure(request.caller, { message: request.body, evidence })
      if (!verified.ok) return keepRefused(deps, { request, kind: 'failure' }, verified)
      const recorded = await recordMessage(deps, verified.value)
      if (!recorded.ok && recorded.refusal.code === 'test_mode') {
        return accepted(testModeFailureAnswer(request.body.order_id, request.language))
      }
      if (!recorded.ok) return recorded
      return accepted(failureAnswer(recorded.value, request.language))
    },
  })
}

interface RefusedMessage {
  readonly request: PaymentRequest
  readonly kind: Evidence['kind']
}

/** A trusted sender's message with fields that we refuse may still tell of money that was paid: it is kept. */
async function keepRefused<T extends { ok: false; refusal: Refusal }>(
  deps: PaymentDeps,
  message: RefusedMessage,
  outcome: T,
): Promise<T> {
  if (outcome.refusal.code === 'invalid_fields') await keepInvalid(deps, message)
  return outcome
}

async function keepInvalid(deps: PaymentDeps, { request, kind }: RefusedMessage): Promise<void> {
  // What a player's own client says is worth nothing as evidence.
  if (request.caller.kind === 'client') return
  const source = deps.direct.source(request.caller)
  if (!source.ok) return
  await keepAlone(deps, { ...source.value, evidence: evidenceOf(deps, { request, kind }) }, 'invalid_fields')
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

/** What is wrong with the fields of a kept message, as its call would have said. */
export function messageFaults(kind: 'payment' | 'failure', value: unknown): FieldFault[] {
  const schema = kind === 'payment' ? SuccessBody : FailureBody
  if (Check(schema, value)) return []
  const [, errors] = Errors(schema, value)
  const found = errors as readonly { keyword: string; instancePath: string; message: string; params: object }[]
  const each = found.flatMap((error) => {
    // One for each missing field, as the calls tell them.
    const { requiredProperties = [] } = error.params as { requiredProperties?: readonly string[] }
    if (error.keyword !== 'required') return [{ ...error, schemaPath: '', params: {} }]
    return requiredProperties.map((missingProperty) => ({ ...error, schemaPath: '', params: { missingProperty } }))
  })
  return faultsOf(each, 'body')
}
