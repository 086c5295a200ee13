import { Type } from 'typebox'

export const SANDBOX_SETTINGS = Type.Object({}, { additionalProperties: false })
