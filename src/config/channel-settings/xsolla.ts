import { type Static, Type } from 'typebox'
import { secretText } from '../app-schema.ts'
import type { XsollaChannelConfig } from '../config.ts'

const number = Type.Integer({ minimum: 1, maximum: 2_147_483_647 })
// Where an API key is sent: over TLS, or without leaving this machine.
const url = Type.String({
  pattern: '^(?:https://|http://(?:localhost|127\\.0\\.0\\.1|\\[::1\\])(?::|/|$))',
  maxLength: 2048,
})

export const XSOLLA_SETTINGS = Type.Object(
  {
    // Several at once, so that a key can be exchanged without a moment in which webhooks are refused.
    secretKeys: Type.Array(secretText, { minItems: 1, maxItems: 5 }),
    projectId: number,
    merchantId: Type.Optional(number),
    apiKey: Type.Optional(secretText),
    sandbox: Type.Optional(Type.Boolean()),
    country: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', maxLength: 2 })),
    grantOn: Type.Optional(Type.Enum(['order_paid', 'payment'])),
    automaticRefund: Type.Optional(Type.Boolean()),
    priceRule: Type.Optional(Type.Enum(['order', 'catalogue', 'platform'])),
    items: Type.Optional(Type.Record(Type.String({ minLength: 1, maxLength: 255 }), number)),
    storeApiUrl: Type.Optional(url),
    merchantApiUrl: Type.Optional(url),
    payStationUrl: Type.Optional(url),
  },
  { additionalProperties: false },
)

export type XsollaSettings = Static<typeof XSOLLA_SETTINGS>

/** What was given, with what stands in for the rest. */
export function xsollaConfig(given: XsollaSettings): Omit<XsollaChannelConfig, 'instance' | 'appId' | 'type'> {
  return {
    secretKeys: given.secretKeys,
    projectId: given.projectId,
    merchantId: given.merchantId ?? null,
    apiKey: given.apiKey ?? null,
    sandbox: given.sandbox ?? false,
    country: given.country ?? 'US',
    grantOn: given.grantOn ?? 'order_paid',
    automaticRefund: given.automaticRefund ?? false,
    priceRule: given.priceRule ?? 'catalogue',
    items: given.items ?? {},
    storeApiUrl: withoutSlash(given.storeApiUrl ?? 'https://store.xsolla.com/api'),
    merchantApiUrl: withoutSlash(given.merchantApiUrl ?? 'https://api.xsolla.com/merchant/v2'),
    payStationUrl: given.payStationUrl ?? null,
  }
}

function withoutSlash(address: string): string {
  return address.replace(/\/+$/, '')
}
