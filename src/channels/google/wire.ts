import { type Static, type TSchema, Type } from 'typebox'
import { Check } from 'typebox/schema'

/**
 * What Play names: a product, an order, a token. Each is a part of an address, so none is `..`. Documents tell of tokens of up
 * to 1500 characters; most have 150.
 */
export const ProductIdField = Type.String({ pattern: '^[a-z0-9][a-z0-9._]{0,147}$', maxLength: 148 })
export const TokenField = Type.String({ pattern: '^[A-Za-z0-9_-][!-~]{0,1999}$', maxLength: 2000 })
const OrderIdField = Type.String({ pattern: '^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,99})?$', maxLength: 100 })
const Time = Type.String({ maxLength: 64 })
const Millis = Type.Union([
  Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  Type.String({ pattern: '^[0-9]{1,15}$' }),
])

// More lines than a purchase ever has, more pieces than a store sells at once.
const LINES_MAX = 100
const QUANTITY_MAX = 100_000

/** An amount in major units, with a part in billionths. */
const PlayMoney = Type.Object({
  currencyCode: Type.String({ pattern: '^[A-Z]{3}$' }),
  units: Type.Optional(Type.String({ pattern: '^[0-9]{1,15}$' })),
  nanos: Type.Optional(Type.Integer({ minimum: 0, maximum: 999_999_999 })),
})
export type PlayMoney = Static<typeof PlayMoney>

const ProductLine = Type.Object({
  productId: Type.String({ minLength: 1, maxLength: 148 }),
  productOfferDetails: Type.Optional(
    Type.Object({
      quantity: Type.Optional(Type.Integer({ minimum: 1, maximum: QUANTITY_MAX })),
      refundableQuantity: Type.Optional(Type.Integer({ minimum: 0, maximum: QUANTITY_MAX })),
      consumptionState: Type.Optional(Type.String({ maxLength: 100 })),
    }),
  ),
})
export type ProductLine = Static<typeof ProductLine>

/** `purchases.productsv2`: a purchase as Play has it now. What it leaves out it does not say; it is not zero. */
export const PurchaseSchema = Type.Object({
  purchaseStateContext: Type.Object({ purchaseState: Type.String({ maxLength: 100 }) }),
  acknowledgementState: Type.Optional(Type.String({ maxLength: 100 })),
  productLineItem: Type.Optional(Type.Array(ProductLine, { maxItems: LINES_MAX })),
  /** Empty or left out where nothing was paid. */
  orderId: Type.Optional(OrderIdField),
  purchaseCompletionTime: Type.Optional(Time),
  obfuscatedExternalAccountId: Type.Optional(Type.String({ maxLength: 1000 })),
  /** There only for purchases of license testers. */
  testPurchaseContext: Type.Optional(Type.Unknown()),
})
export type Purchase = Static<typeof PurchaseSchema>

/** `orders`: what was charged, and what of it went back. */
export const OrderSchema = Type.Object({
  orderId: OrderIdField,
  purchaseToken: Type.Optional(Type.String({ maxLength: 2000 })),
  state: Type.String({ maxLength: 100 }),
  total: Type.Optional(PlayMoney),
  tax: Type.Optional(PlayMoney),
  lineItems: Type.Optional(
    Type.Array(
      Type.Object({ productId: Type.Optional(Type.String({ maxLength: 200 })), total: Type.Optional(PlayMoney) }),
      { maxItems: LINES_MAX },
    ),
  ),
  orderHistory: Type.Optional(
    Type.Object({
      refundEvent: Type.Optional(Type.Object({ eventTime: Type.Optional(Time) })),
      partialRefundEvents: Type.Optional(
        Type.Array(
          Type.Object({
            state: Type.Optional(Type.String({ maxLength: 100 })),
            refundDetails: Type.Optional(Type.Object({ total: Type.Optional(PlayMoney) })),
          }),
          { maxItems: 1000 },
        ),
      ),
    }),
  ),
})
export type Order = Static<typeof OrderSchema>

const VoidedPurchase = Type.Object({
  purchaseToken: TokenField,
  orderId: Type.Optional(OrderIdField),
  voidedTimeMillis: Millis,
  /** Only where a part of the pieces went back. */
  voidedQuantity: Type.Optional(Type.Integer({ minimum: 0, maximum: QUANTITY_MAX })),
})
export type VoidedPurchase = Static<typeof VoidedPurchase>

/** A page of the list of what was voided. */
export const VoidedPageSchema = Type.Object({
  voidedPurchases: Type.Optional(Type.Array(VoidedPurchase, { maxItems: 1000 })),
  tokenPagination: Type.Optional(Type.Object({ nextPageToken: Type.Optional(Type.String({ maxLength: 4000 })) })),
})
export type VoidedPage = Static<typeof VoidedPageSchema>

/** A push of Pub/Sub, around whatever was published. */
const PushSchema = Type.Object({
  message: Type.Object({ data: Type.String({ pattern: '^[A-Za-z0-9+/]+={0,2}$' }) }),
  subscription: Type.String({ maxLength: 1000 }),
})

/** A real-time developer notification: it names a purchase, and proves and numbers nothing. */
const NotificationSchema = Type.Object({
  packageName: Type.String({ maxLength: 255 }),
  eventTimeMillis: Millis,
  oneTimeProductNotification: Type.Optional(
    Type.Object({ notificationType: Type.Integer(), purchaseToken: TokenField }),
  ),
  voidedPurchaseNotification: Type.Optional(
    Type.Object({
      purchaseToken: TokenField,
      orderId: Type.Optional(OrderIdField),
      productType: Type.Optional(Type.Integer()),
    }),
  ),
})
export type Notification = Static<typeof NotificationSchema>

/** What a push carries, and whose subscription sent it; null for what is neither. */
export function readPush(rawBody: Uint8Array): { subscription: string; notification: Notification | null } | null {
  const push = fitting(PushSchema, parsed(rawBody))
  if (push === null) return null
  const notification = fitting(NotificationSchema, parsed(Buffer.from(push.message.data, 'base64')))
  return { subscription: push.subscription, notification }
}

/** A value of the platform's where it has the shape that we know, else null. */
export function fitting<T extends TSchema>(schema: T, value: unknown): Static<T> | null {
  return Check(schema, value) ? (value as Static<T>) : null
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return null
  }
}
