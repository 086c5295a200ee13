import { type Static, Type } from 'typebox'

/** The callbacks, by the last part of their addresses. */
export const CALLBACKS = ['auth', 'auth-initiate', 'personalize', 'award', 'events'] as const
export type Callback = (typeof CALLBACKS)[number]

const nullable = <T extends Parameters<typeof Type.Union>[0][number]>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]))

/** It names orders of ours, so it has no colon. */
export const OrderIdText = Type.String({ pattern: '^[A-Za-z0-9._-]{1,120}$', maxLength: 120 })
/** Empty where there is none. */
const IdText = Type.String({ pattern: '^[!-~]{0,180}$', maxLength: 180 })
const MinorAmount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })

const Products = Type.Array(
  Type.Object({
    /** Up to 24 digits: of what we do not count one by one it is never reckoned with. */
    amount: Type.Integer({ minimum: 0 }),
    sku: Type.String({ maxLength: 200 }),
  }),
  { maxItems: 100 },
)
export type Product = Static<typeof Products>[number]

/** What was paid, or collected for nothing. Amounts are in the smallest unit of the currency. */
export const AwardSchema = Type.Object({
  orderId: OrderIdText,
  purchaseId: nullable(IdText),
  playerId: Type.String({ maxLength: 200 }),
  /** Of the offer, as we named it. */
  sku: nullable(Type.String({ maxLength: 200 })),
  products: nullable(Products),
  /** In all. */
  priceInCents: MinorAmount,
  /** Before tax. */
  subTotal: MinorAmount,
  tax: nullable(MinorAmount),
  currency: Type.String({ pattern: '^[A-Za-z]{3}$', maxLength: 3 }),
  discount: nullable(Type.Number({ minimum: 0 })),
  /** In percent; a text in some examples. */
  discountRatePoints: nullable(Type.Union([Type.Number(), Type.String({ maxLength: 40 })])),
  promoCodeName: nullable(Type.String({ maxLength: 500 })),
  action: Type.Enum(['purchase', 'bonus']),
  actionStatus: nullable(Type.Literal('completed')),
  paymentMethod: nullable(Type.String({ maxLength: 500 })),
  /** An object, or the text of one. */
  sessionMetadata: Type.Optional(Type.Unknown()),
})
export type Award = Static<typeof AwardSchema>

/** Something that happened. Nothing is ever granted by it. */
export const EventSchema = Type.Object({
  eventName: Type.String({ minLength: 1, maxLength: 100 }),
  eventId: nullable(Type.String({ maxLength: 200 })),
  /** In milliseconds; in some examples in seconds. */
  timestamp: Type.Union([
    Type.Integer({ minimum: 0, maximum: 9_999_999_999_999 }),
    Type.String({ pattern: '^[0-9]{10}([0-9]{3})?$', maxLength: 13 }),
  ]),
  result: nullable(Type.String({ maxLength: 200 })),
  reason: nullable(Type.String({ maxLength: 2000 })),
  customer: nullable(
    Type.Object({
      id: nullable(Type.String({ maxLength: 200 })),
      playerId: nullable(Type.String({ maxLength: 200 })),
    }),
  ),
  offer: nullable(Type.Object({ externalId: nullable(Type.String({ maxLength: 200 })) })),
  transactions: nullable(
    Type.Array(Type.Object({ purchaseId: nullable(IdText), type: nullable(Type.String({ maxLength: 100 })) }), {
      maxItems: 200,
    }),
  ),
  sessionMetadata: Type.Optional(Type.Unknown()),
})
export type AppchargeEvent = Static<typeof EventSchema>

/** What Appcharge answers to the opening of a checkout. */
export const SessionSchema = Type.Object({
  checkoutSessionToken: Type.String({ pattern: '^[!-~]{1,500}$', maxLength: 500 }),
  purchaseId: Type.String({ pattern: '^[!-~]{1,180}$', maxLength: 180 }),
  parsedUrl: Type.String({ minLength: 1, maxLength: 4000 }),
})

/** A page of the report of orders; of an order we read what became of it. */
export const OrdersPageSchema = Type.Object({
  results: Type.Array(
    Type.Object({ acOrderId: Type.String({ maxLength: 200 }), state: Type.String({ maxLength: 100 }) }),
  ),
})

/** Money that moved. Unlike in events, its amounts are in the smallest unit of the currency. */
export const TransactionSchema = Type.Object({
  orderId: nullable(OrderIdText),
  purchaseId: Type.String({ pattern: '^[!-~]{1,180}$', maxLength: 180 }),
  timestamp: Type.String({ maxLength: 40 }),
  customerDetails: nullable(Type.Object({ id: nullable(Type.String({ maxLength: 200 })) })),
  offerDetails: nullable(
    Type.Object({
      offerId: nullable(Type.String({ maxLength: 200 })),
      type: nullable(Type.String({ maxLength: 100 })),
      products: nullable(
        Type.Array(Type.Object({ sku: Type.String({ maxLength: 200 }), quantity: Type.Number({ minimum: 0 }) }), {
          maxItems: 100,
        }),
      ),
    }),
  ),
  transactionDetails: Type.Object({
    type: Type.String({ maxLength: 100 }),
    amount: Type.Number(),
    totalTaxAmount: nullable(Type.Number()),
    currencyCode: Type.String({ pattern: '^[A-Za-z]{3}$', maxLength: 3 }),
    paymentMethod: nullable(Type.String({ maxLength: 500 })),
  }),
})
export type Transaction = Static<typeof TransactionSchema>

/** A page of what moved; a row that we cannot read is judged by itself. */
export const TransactionsPageSchema = Type.Object({
  results: Type.Array(Type.Unknown()),
  nextCursor: nullable(Type.String({ maxLength: 4000 })),
})
export type TransactionsPage = Static<typeof TransactionsPageSchema>
