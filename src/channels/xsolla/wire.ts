import { type Static, Type } from 'typebox'

// More rows than a cart has by honest means; each would be an order.
const ROWS_MAX = 100

/** The platform writes numbers as numbers or as texts. Beyond what can be counted exactly, two of them would be one. */
const id = Type.Unsafe<number | string>({
  type: ['integer', 'string'],
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  pattern: '^[1-9][0-9]{0,19}$',
  maxLength: 20,
})
const text = (maxLength: number) => Type.String({ maxLength })
/** Whether it is the number of a player is judged where it is read. */
const userId = Type.Unsafe<number | string>({ type: ['integer', 'string'], maxLength: 255 })
const idOrNull = Type.Optional(Type.Union([id, Type.Null()]))
const maybeText = Type.Optional(Type.Union([text(255), Type.Null()]))
/** Major units. Whether it is an amount of its currency is judged where it is read. */
const amount = Type.Unsafe<number | string | null>({ type: ['number', 'string', 'null'], maxLength: 32 })
const money = Type.Object({ currency: text(64), amount })
const maybeMoney = Type.Optional(Type.Union([money, Type.Null()]))
/** PHP writes an empty object as an empty list. */
const loose = Type.Optional(Type.Unknown())
const mode = Type.Enum(['default', 'sandbox'])
const discounts = Type.Optional(Type.Union([Type.Array(Type.Unknown(), { maxItems: 1_000 }), Type.Null()]))

const settings = Type.Optional(Type.Object({ project_id: idOrNull, merchant_id: idOrNull }))
const transaction = Type.Object({
  id,
  dry_run: loose,
  date: maybeText,
  payment_method_name: maybeText,
})
const refundDetails = Type.Optional(Type.Object({ code: Type.Optional(Type.Unknown()), reason: loose, author: loose }))
const paymentDetails = Type.Optional(Type.Object({ payment: maybeMoney, vat: maybeMoney, sales_tax: maybeMoney }))

const row = Type.Object({
  sku: Type.String({ minLength: 1, maxLength: 255 }),
  type: text(64),
  quantity: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  amount: Type.Optional(amount),
  promotions: discounts,
  /** Version 2 of the webhook has these; version 1 leaves it to us which rows are what a bundle contains. */
  is_bundle_content: Type.Optional(Type.Boolean()),
  is_bonus: Type.Optional(Type.Boolean()),
})
export type Row = Static<typeof row>

/** With `order_paid` and `order_canceled` where payment and order are told in one message. */
const billing = Type.Optional(
  Type.Object({
    settings,
    transaction: Type.Optional(transaction),
    payment_details: paymentDetails,
    refund_details: refundDetails,
    custom_parameters: loose,
  }),
)

const order = Type.Object({
  id,
  mode,
  currency_type: Type.Enum(['real', 'virtual', 'loyalty_point', 'unknown']),
  currency: maybeText,
  amount: Type.Optional(amount),
  platform: maybeText,
  invoice_id: idOrNull,
  promotions: discounts,
  promocodes: discounts,
  coupons: discounts,
})

/** `order_paid`. */
export const OrderMessageSchema = Type.Object({
  settings,
  items: Type.Array(row, { minItems: 1, maxItems: ROWS_MAX }),
  order,
  user: Type.Object({ external_id: userId }),
  custom_parameters: loose,
  billing,
})
export type OrderMessage = Static<typeof OrderMessageSchema>

/** `order_canceled`: it lists its items too, but what was granted for the order is ours to know. */
export const CancellationMessageSchema = Type.Object({ settings, order, custom_parameters: loose, billing })
export type CancellationMessage = Static<typeof CancellationMessageSchema>

/** `payment`, where nothing is sold from the catalogue. */
export const PaymentMessageSchema = Type.Object({
  settings,
  transaction,
  purchase: Type.Object({
    total: money,
    virtual_items: Type.Optional(
      Type.Object({
        items: Type.Array(
          Type.Object({
            sku: Type.String({ minLength: 1, maxLength: 255 }),
            amount: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
          }),
          { minItems: 1, maxItems: ROWS_MAX },
        ),
      }),
    ),
    checkout: loose,
    promotions: discounts,
    coupon: loose,
  }),
  payment_details: paymentDetails,
  user: Type.Object({ id: userId }),
  custom_parameters: loose,
})
export type PaymentMessage = Static<typeof PaymentMessageSchema>

/** `refund` and `partial_refund`. */
export const RefundMessageSchema = Type.Object({
  settings,
  transaction,
  purchase: Type.Optional(Type.Object({ total: maybeMoney })),
  payment_details: paymentDetails,
  refund_details: refundDetails,
})
export type RefundMessage = Static<typeof RefundMessageSchema>

/** A member of an object that may be anything, also no object. */
export function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !Object.hasOwn(value, name))
    return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}
