import { type Static, Type } from 'typebox'
import { secretText } from '../app-schema.ts'

export const SIGNED_SETTINGS = Type.Object(
  {
    // Several at once, so that a secret can be exchanged without a moment in which callers are refused.
    secrets: Type.Array(secretText, { minItems: 1, maxItems: 5 }),
  },
  { additionalProperties: false },
)

export type SignedSettings = Static<typeof SIGNED_SETTINGS>
