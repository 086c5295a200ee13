import { type Static, Type } from 'typebox'
import { secretText } from '../app-schema.ts'

const PRICE_RULES = ['order', 'catalogue', 'platform'] as const
const AUTH_METHODS = ['facebook', 'google', 'apple', 'userToken', 'userPassword', 'otp'] as const
const address = Type.String({ minLength: 1, maxLength: 2048 })
const name = Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 })
const itemId = Type.Integer({ minimum: 1, maximum: 2_147_483_646 })

export const APPCHARGE_SETTINGS = Type.Object(
  {
    // Several at once, so that a key can be exchanged without a moment in which callbacks are refused.
    mainKeys: Type.Array(secretText, { minItems: 1, maxItems: 5 }),
    publisherToken: Type.String({ pattern: '^[!-~]{1,1024}$', maxLength: 1024 }),
    projectId: Type.Optional(name),
    environment: Type.Optional(Type.Enum(['live', 'sandbox'])),
    authMethods: Type.Optional(Type.Array(Type.Enum([...AUTH_METHODS]), { maxItems: AUTH_METHODS.length })),
    // Opens the game, which then asks for a code for that login.
    deepLink: Type.Optional(Type.String({ pattern: '^[a-zA-Z][a-zA-Z0-9+.-]*:.*\\{token\\}', maxLength: 2048 })),
    checkout: Type.Optional(
      Type.Union([Type.Boolean(), Type.Object({ returnUrl: Type.Optional(address) }, { additionalProperties: false })]),
    ),
    priceRule: Type.Optional(Type.Enum([...PRICE_RULES])),
    items: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 200 }), itemId)),
    products: Type.Optional(
      Type.Object({ coins: Type.Optional(name), tokens: Type.Optional(name) }, { additionalProperties: false }),
    ),
    freeOffers: Type.Optional(Type.Array(name, { maxItems: 100 })),
    acceptSeconds: Type.Optional(Type.Boolean()),
    apiUrl: Type.Optional(address),
  },
  { additionalProperties: false },
)

export type AppchargeSettings = Static<typeof APPCHARGE_SETTINGS>
