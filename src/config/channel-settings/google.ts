import { type Static, Type } from 'typebox'

const address = Type.String({ minLength: 1, maxLength: 2048 })
const email = Type.String({ pattern: '^[!-?A-~]{1,200}@[!-?A-~]{1,200}$', maxLength: 401 })
const sku = Type.String({ minLength: 1, maxLength: 148 })
const itemId = Type.Integer({ minimum: 1, maximum: 2_147_483_646 })

export const GOOGLE_SETTINGS = Type.Object(
  {
    packageName: Type.String({ pattern: '^[A-Za-z]\\w*(?:\\.[A-Za-z]\\w*)+$', maxLength: 255 }),
    // One of the two: the account itself, or the path of its key file as Google gives it out.
    serviceAccount: Type.Optional(
      Type.Object(
        { clientEmail: email, privateKey: Type.String({ minLength: 1, maxLength: 20_000 }) },
        { additionalProperties: false },
      ),
    ),
    serviceAccountFile: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
    push: Type.Optional(
      Type.Object(
        {
          audience: Type.String({ minLength: 1, maxLength: 2048 }),
          serviceAccountEmail: email,
          subscription: Type.Optional(
            Type.String({ pattern: '^projects/[^/ ]+/subscriptions/[^/ ]+$', maxLength: 1000 }),
          ),
        },
        { additionalProperties: false },
      ),
    ),
    items: Type.Optional(Type.Record(sku, itemId)),
    acknowledgeOnly: Type.Optional(Type.Array(sku, { maxItems: 1000 })),
    priceRule: Type.Optional(Type.Enum(['order', 'catalogue', 'platform'])),
    apiUrl: Type.Optional(address),
    tokenUrl: Type.Optional(address),
    certsUrl: Type.Optional(address),
  },
  { additionalProperties: false },
)

export type GoogleSettings = Static<typeof GOOGLE_SETTINGS>
