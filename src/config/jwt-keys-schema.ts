import { Type } from 'typebox'
import { secretText } from './app-schema.ts'

const kid = Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' })

export const JWT_KEYS_SCHEMA = Type.Array(
  Type.Object(
    {
      kid,
      alg: Type.Enum(['EdDSA', 'HS256']),
      secret: Type.Optional(secretText),
      // PKCS #8 of Ed25519 is under 150 characters, with the public key in it too.
      privateKey: Type.Optional(Type.String({ minLength: 1, maxLength: 256 })),
    },
    { additionalProperties: false },
  ),
  // One that signs, one before it, and some to spare.
  { minItems: 1, maxItems: 10 },
)
