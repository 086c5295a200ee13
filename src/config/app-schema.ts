import { Type } from 'typebox'
import { SECRET_LENGTH_MAX } from '../kernel/secret-length.ts'

export const secretText = Type.String({ minLength: 1, maxLength: SECRET_LENGTH_MAX })

/** Bounds what an app may be called: it is a key of nearly every table. */
export const APP_ID_PATTERN = '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$'

const platformUrl = Type.String({ minLength: 1, maxLength: 2048 })
const oidcChecks = {
  issuers: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 255 }), { minItems: 1, maxItems: 5 })),
  keysUrl: Type.Optional(platformUrl),
  nonce: Type.Optional(Type.Enum(['optional', 'required'])),
}
const clientId = Type.String({ minLength: 1, maxLength: 255 })
const redirectUri = Type.String({ minLength: 1, maxLength: 2048 })
const oidcLogin = {
  clientIds: Type.Array(clientId, { minItems: 1, maxItems: 20 }),
  tokenUrl: Type.Optional(platformUrl),
  ...oidcChecks,
}
// A game has a web store or two.
const PAGE_CLIENTS_MAX = 5

const GOOGLE_LOGIN_SCHEMA = Type.Object(
  {
    ...oidcLogin,
    pageClients: Type.Optional(
      Type.Array(
        Type.Object(
          { clientId, clientSecret: Type.Optional(secretText), redirectUri: Type.Optional(redirectUri) },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: PAGE_CLIENTS_MAX },
      ),
    ),
  },
  { additionalProperties: false },
)

const appleId = Type.String({ pattern: '^[A-Z0-9]{10}$' })
const APPLE_LOGIN_SCHEMA = Type.Object(
  {
    ...oidcLogin,
    pageClients: Type.Optional(
      Type.Array(
        Type.Object(
          {
            clientId,
            teamId: Type.Optional(appleId),
            keyId: Type.Optional(appleId),
            privateKey: Type.Optional(Type.String({ minLength: 1, maxLength: 4096 })),
            redirectUri: Type.Optional(redirectUri),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: PAGE_CLIENTS_MAX },
      ),
    ),
  },
  { additionalProperties: false },
)

/** The ways to log in of one app, beside the codes by mail and SMS. */
export const LOGINS_SCHEMA = Type.Object(
  {
    guest: Type.Optional(Type.Boolean()),
    facebook: Type.Optional(
      Type.Object(
        {
          appId: Type.String({ pattern: '^[0-9]{1,32}$' }),
          appSecret: Type.String({ minLength: 1, maxLength: 255 }),
          graphUrl: Type.Optional(platformUrl),
          pageRedirectUri: Type.Optional(redirectUri),
          graphVersion: Type.Optional(Type.String({ pattern: '^v[0-9]{1,3}\\.[0-9]{1,2}$' })),
          ...oidcChecks,
        },
        { additionalProperties: false },
      ),
    ),
    google: Type.Optional(GOOGLE_LOGIN_SCHEMA),
    apple: Type.Optional(APPLE_LOGIN_SCHEMA),
  },
  { additionalProperties: false },
)

// A reward for an invitation is a small thing; far more is a slip of the finger.
const inviteReward = Type.Object(
  {
    coins: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
    tokens: Type.Optional(Type.Integer({ minimum: 0, maximum: 1_000_000_000 })),
  },
  { additionalProperties: false },
)

const INVITE_SCHEMA = Type.Object(
  {
    inviter: Type.Optional(inviteReward),
    invited: Type.Optional(inviteReward),
    // Whoever brings more than this is no friend of so many.
    rewardsMax: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000 })),
  },
  { additionalProperties: false },
)

const WEBHOOKS_SCHEMA = Type.Object(
  {
    url: Type.String({ minLength: 1, maxLength: 2048 }),
    // Several while one is exchanged: each event is signed with all of them.
    secrets: Type.Array(secretText, { minItems: 1, maxItems: 5 }),
    // A game server that takes longer than half a minute does its work before it answers.
    timeoutMs: Type.Optional(Type.Integer({ minimum: 100, maximum: 30_000 })),
  },
  { additionalProperties: false },
)

export const APP_SCHEMA = Type.Object(
  {
    appId: Type.String({ pattern: APP_ID_PATTERN }),
    appSecret: Type.Optional(secretText),
    // More than a few secrets at once is no rotation: each is tried on every call.
    appSecrets: Type.Optional(Type.Array(secretText, { minItems: 1, maxItems: 5 })),
    timeZone: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    refundPolicy: Type.Optional(Type.Enum(['debt', 'cap'])),
    returnUrls: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 2048 }), { maxItems: 100 })),
    testPurchases: Type.Optional(Type.Boolean()),
    logins: Type.Optional(LOGINS_SCHEMA),
    invite: Type.Optional(INVITE_SCHEMA),
    webhooks: Type.Optional(WEBHOOKS_SCHEMA),
  },
  { additionalProperties: false },
)
