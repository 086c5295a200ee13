import { type Static, Type } from 'typebox'
import { REVERSAL_TYPES, type ReversalType } from '../channel.ts'

// The fields of `/payment/success` and `/payment/failure`: what that door refuses, this one refuses too.
const orderId = Type.String({ pattern: '^(?!(?:history|\\.{1,2})$)[!-9;-~]{1,128}$', maxLength: 128 })
const transactionId = Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 })
const currency = Type.String({ pattern: '^[A-Za-z]{3}$', maxLength: 3 })
const amount = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  minimum: 0,
  pattern: '^[0-9]{1,15}(\\.[0-9]{1,15})?$',
  maxLength: 32,
})
const text = (maxLength: number) => Type.String({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$' })
const Told = {
  order_id: orderId,
  uid: Type.String({ pattern: '^[1-9][0-9]{0,14}$', maxLength: 15 }),
  item_id: Type.Unsafe<number | string>({
    type: ['integer', 'string'],
    minimum: 1,
    maximum: 2_147_483_647,
    pattern: '^[1-9][0-9]{0,8}$',
    maxLength: 9,
  }),
  payment_channel: Type.Optional(text(64)),
  payment_method: Type.Optional(text(64)),
  ip: Type.Optional(text(64)),
  country: Type.Optional(text(64)),
  email: Type.Optional(text(254)),
  test: Type.Optional(Type.Boolean()),
}

/** Money that a partner has taken. */
export const PaymentMessageSchema = Type.Object({
  type: Type.Literal('payment.succeeded'),
  ...Told,
  price: amount,
  currency,
  transaction_id: Type.Optional(transactionId),
  // A failure is told under its own type.
  web_pay_error_code: Type.Optional(Type.Unsafe<never>({ not: {} })),
})

/** A payment that came to nothing. */
export const FailureMessageSchema = Type.Object({
  type: Type.Literal('payment.failed'),
  ...Told,
  web_pay_error_code: Type.String({ minLength: 1, maxLength: 64, pattern: '^[!-~]+$' }),
  price: Type.Optional(amount),
  currency: Type.Optional(currency),
})

/** What became of money that was paid. */
export const NoticeMessageSchema = Type.Object({
  type: Type.Enum(Object.keys(REVERSAL_TYPES) as [ReversalType]),
  /** The payment; one that was told of without a transaction id is named by its order. */
  transaction_id: Type.Optional(transactionId),
  order_id: Type.Optional(orderId),
  /** The refund or the dispute: one id for its whole life. */
  reversal_id: Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 }),
  /** Left out: all of it. */
  amount: Type.Optional(amount),
  currency: Type.Optional(currency),
  occurred_at: Type.String({
    pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?(Z|[+-]\\d\\d:\\d\\d)$',
    maxLength: 40,
  }),
  test: Type.Optional(Type.Boolean()),
})
export type NoticeMessage = Static<typeof NoticeMessageSchema>

/** The messages of a partner, by their types. */
export const MESSAGE_SCHEMAS = {
  payment: PaymentMessageSchema,
  failure: FailureMessageSchema,
  notice: NoticeMessageSchema,
}
