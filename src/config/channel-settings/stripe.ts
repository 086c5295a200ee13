import { type Static, Type } from 'typebox'

const url = Type.String({ minLength: 1, maxLength: 2048 })
const itemId = Type.Integer({ minimum: 1, maximum: 2_147_483_646 })

export const STRIPE_SETTINGS = Type.Object(
  {
    // A restricted key will do. Without one, the studio's own backend opens the checkouts and makes the refunds.
    secretKey: Type.Optional(Type.String({ pattern: '^(?:sk|rk)_(?:test|live)_[!-~]{8,240}$' })),
    // Several at once, so that one can be rolled. Stripe makes them, so they are as strong as it makes them.
    webhookSecrets: Type.Array(Type.String({ pattern: '^whsec_[!-~]{16,240}$' }), { minItems: 1, maxItems: 5 }),
    returnUrl: Type.Optional(url),
    priceRule: Type.Optional(Type.Enum(['order', 'catalogue', 'platform'])),
    items: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 200 }), itemId)),
    apiUrl: Type.Optional(url),
  },
  { additionalProperties: false },
)

export type StripeSettings = Static<typeof STRIPE_SETTINGS>

export const STRIPE_API_URL = 'https://api.stripe.com'

/** What the shape alone cannot tell. */
export function stripeFaults({ secretKey, returnUrl, apiUrl }: StripeSettings): string[] {
  const faults: string[] = []
  if (secretKey !== undefined && returnUrl === undefined) {
    faults.push('a secretKey opens checkouts, and without a returnUrl their players have nowhere to go back to')
  }
  if (returnUrl !== undefined && URL.parse(returnUrl) === null) faults.push('the returnUrl is no full URL')
  const api = apiUrl === undefined ? null : URL.parse(apiUrl)
  const isOrigin = api !== null && /^https?:$/.test(api.protocol) && api.href === `${api.origin}/`
  if (apiUrl !== undefined && !isOrigin)
    faults.push('the apiUrl is more or less than an origin, like https://api.stripe.com')
  return faults
}
