import { Type } from 'typebox'
import type { ErrorCode } from '../../kernel/error-codes.ts'
import { type PlayerId, parsePlayerId } from '../../kernel/ids.ts'
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

const SHARE_ID = {
  maxLength: 64,
  description: 'The uid of the player who sent the invitation, for a new player; ignored when unknown',
}
export const ShareIdQueryField = Type.String(SHARE_ID)
// Older clients send the number 0.
export const ShareIdField = Type.Unsafe<number | string>({ type: ['number', 'string'], ...SHARE_ID })

/** Who has sent an invitation, by what its link says; null when that can be no player's number. */
export function inviterOf(shareId: number | string | undefined): PlayerId | null {
  return shareId === undefined ? null : parsePlayerId(String(shareId))
}

/** The fields by which a body proves an identity: the same at login and for linking. */
export const ProofFields = {
  loginType: LoginTypeField,
  loginId: Type.Optional(LoginIdField),
  loginCode: Type.Optional(LoginCodeField),
  credential: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 8192,
      description: 'The token of the platform, or the credential of a guest',
    }),
  ),
  nonce: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 256,
      description: 'What the client had put into the token when it asked for it',
    }),
  ),
}

/** What the checked fields of a request claim. */
export function claimOf(fields: {
  loginType: number
  loginId?: string
  loginCode?: string
  credential?: string
  nonce?: string
}): LoginClaim {
  return {
    loginType: fields.loginType,
    loginId: fields.loginId ?? null,
    loginCode: fields.loginCode || null,
    credential: fields.credential ?? null,
    nonce: fields.nonce ?? null,
  }
}

/** What a query claims. A proof that stands in an address is none: addresses are kept in logs and histories. */
export function claimByAddress(query: Parameters<typeof claimOf>[0]): LoginClaim {
  return { ...claimOf(query), credential: null, nonce: null }
}

/** Every way in which a proof is refused: the same at login and for linking. */
export const PROOF_ERRORS: readonly ErrorCode[] = [
  ...(['proof_required', 'invalid_code', 'invalid_credential', 'proof_malformed', 'invalid_proof'] as const),
  ...(['proof_wrong_algorithm', 'proof_unknown_key', 'proof_expired', 'proof_not_yet_valid'] as const),
  ...(['proof_wrong_issuer', 'proof_wrong_audience', 'proof_wrong_nonce', 'proof_wrong_user'] as const),
  ...(['login_type_unavailable', 'login_locked', 'provider_unavailable'] as const),
]
