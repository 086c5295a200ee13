import { Type } from 'typebox'
import { APPCHARGE_SETTINGS } from './channel-settings/appcharge.ts'
import { APPLE_EXAMPLE, APPLE_SETTINGS } from './channel-settings/apple.ts'
import { GOOGLE_SETTINGS } from './channel-settings/google.ts'
import { SANDBOX_SETTINGS } from './channel-settings/sandbox.ts'
import { SIGNED_SETTINGS } from './channel-settings/signed.ts'
import { STRIPE_SETTINGS } from './channel-settings/stripe.ts'
import { XSOLLA_SETTINGS } from './channel-settings/xsolla.ts'

/** The channel types that this release knows. A new one has its settings in a file of its own, and a line here. */
export const CHANNEL_TYPES = {
  sandbox: { settings: SANDBOX_SETTINGS, example: '{"sandbox": {}}' },
  signed: { settings: SIGNED_SETTINGS, example: '{"signed": {"secrets": ["<32 random characters>"]}}' },
  appcharge: {
    settings: APPCHARGE_SETTINGS,
    example: '{"appcharge": {"mainKeys": ["<main key>"], "publisherToken": "<publisher token>"}}',
  },
  xsolla: {
    settings: XSOLLA_SETTINGS,
    example: '{"xsolla": {"secretKeys": ["<secret key of the project>"], "projectId": 12345}}',
  },
  stripe: {
    settings: STRIPE_SETTINGS,
    example:
      '{"stripe": {"secretKey": "rk_live_...", "webhookSecrets": ["whsec_..."], "returnUrl": "https://shop.example.com/paid"}}',
  },
  apple: { settings: APPLE_SETTINGS, example: APPLE_EXAMPLE },
  google: {
    settings: GOOGLE_SETTINGS,
    example: '{"google": {"packageName": "com.example.game", "serviceAccountFile": "/etc/payment-api/play.json"}}',
  },
} as const

export type ChannelType = keyof typeof CHANNEL_TYPES
export const CHANNEL_TYPE_NAMES = Object.keys(CHANNEL_TYPES) as ChannelType[]

/** By instance name; the settings of each are checked by those of its type. */
export const CHANNELS_SCHEMA = Type.Record(
  Type.String(),
  Type.Object({ type: Type.Optional(Type.String()), appId: Type.Optional(Type.String()) }),
)
