import { Type } from 'typebox'
import type { LoginClaim } from './rules.ts'

export const LOGIN_TYPES = '0 guest, 1 Facebook, 2 Google, 3 Apple, 4 e-mail, 5 SMS'
export const LoginTypeField = Type.Integer({ minimum: 0, maximum: 5, description: LOGIN_TYPES })
export const LoginIdField = Type.String({
  minLength: 1,
  maxLength: 255,
  pattern: '^[^\\s\\u0000-\\u001f\\u007f]([^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f])?$',
  description: 'No blanks at either end, no control characters',
})
// Older clients send an empty one with every login.
export const LoginCodeField = Type.String({
  maxLength: 16,
  description: 'The code that `POST /login/code` sent, for types 4 and 5; empty is none',
})

/** The fields by which a body proves an identity: the same at login and for linking. */
export const ProofFields = {
  loginType: LoginTypeField,
  loginId: Type.Optional(LoginIdField),
  loginCode: Type.Optional(LoginCodeField),
  credential: Type.Optional(
    Type.String({ minLength: 1, maxLength: 8192, description: 'For proofs of later releases; not read yet' }),
  ),
  nonce: Type.Optional(
    Type.String({ minLength: 1, maxLength: 256, description: 'For proofs of later releases; not read yet' }),
  ),
}

/** What the checked fields of a request claim. */
export function claimOf(fields: { loginType: number; loginId?: string; loginCode?: string }): LoginClaim {
  return { loginType: fields.loginType, loginId: fields.loginId ?? null, loginCode: fields.loginCode || null }
}
