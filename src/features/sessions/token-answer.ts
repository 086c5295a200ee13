import { Type } from 'typebox'
import type { IssuedToken } from './issue-token.ts'

/** What every call answers that hands out tokens. */
export const TokenAnswer = Type.Object({
  token: Type.String({ description: 'Send it as `Authorization: Bearer <token>`' }),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds' }),
  scope: Type.Union([Type.Literal('client'), Type.Literal('server')]),
  refresh_token: Type.Optional(Type.String({ description: 'For /token/refresh; clients only, each works once' })),
})

export function tokenAnswer(issued: IssuedToken) {
  return {
    token: issued.token,
    token_type: 'Bearer' as const,
    expires_in: issued.expiresInSeconds,
    scope: issued.scope,
    ...(issued.refreshToken === null ? {} : { refresh_token: issued.refreshToken }),
  }
}

export const TOKEN_EXAMPLE = {
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6ImNsaWVudCJ9.c2lnbmF0dXJl',
  token_type: 'Bearer' as const,
  expires_in: 10_800,
  scope: 'client' as const,
  refresh_token: 'ses_5d41402abc4b2a76b9719d911017c592.ZmFtaWx5.cmVmcmVzaC1zZWNyZXQ',
}
