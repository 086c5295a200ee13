import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import { accepted } from '../../kernel/outcome.ts'
import { SECRET_LENGTH_MAX } from '../../kernel/secret-length.ts'
import { type IssuedToken, issueToken, type SessionDeps } from './issue-token.ts'
import { refreshToken } from './refresh-token.ts'

const TokenAnswer = Type.Object({
  token: Type.String({ description: 'Send it as `Authorization: Bearer <token>`' }),
  token_type: Type.Literal('Bearer'),
  expires_in: Type.Integer({ description: 'Seconds' }),
  scope: Type.Union([Type.Literal('client'), Type.Literal('server')]),
  refresh_token: Type.Optional(Type.String({ description: 'For /token/refresh; clients only, each works once' })),
})

function tokenAnswer(issued: IssuedToken) {
  return {
    token: issued.token,
    token_type: 'Bearer' as const,
    expires_in: issued.expiresInSeconds,
    scope: issued.scope,
    ...(issued.refreshToken === null ? {} : { refresh_token: issued.refreshToken }),
  }
}

const EXAMPLE_ANSWER = {
  token: 'eyJhbGciOiJIUzI1NiJ9.eyJzY29wZSI6ImNsaWVudCJ9.c2lnbmF0dXJl',
  token_type: 'Bearer' as const,
  expires_in: 10_800,
  scope: 'client' as const,
  refresh_token: 'ses_5d41402abc4b2a76b9719d911017c592.ZmFtaWx5.cmVmcmVzaC1zZWNyZXQ',
}

/** The calls that start, renew and end a session. */
export function sessionRoutes(deps: SessionDeps) {
  return {
    issueToken: defineRoute({
      summary: 'Start a session',
      description:
        'A client gets an anonymous session, which a login then binds to a player. With the right `appSecret` the ' +
        "token is for the game's own server: it needs no login and may name any player of its app.",
      tag: 'Sessions',
      access: 'open',
      body: Type.Object({
        appId: Type.String({ minLength: 1, maxLength: 128 }),
        appSecret: Type.Optional(Type.String({ minLength: 1, maxLength: SECRET_LENGTH_MAX })),
      }),
      answer: TokenAnswer,
      errors: ['invalid_app', 'sessions_unavailable'],
      examples: { body: { appId: 'com.funtriolimited.slots.casino.free' }, answer: EXAMPLE_ANSWER },
      handle: async ({ body }) => {
        const issued = await issueToken(deps, { appId: body.appId, appSecret: body.appSecret ?? null })
        return issued.ok ? accepted(tokenAnswer(issued.value)) : issued
      },
    }),

    refreshToken: defineRoute({
      summary: 'Renew a session',
      description: 'Gives a new pair; the old refresh token dies. Using a dead one ends the whole session.',
      tag: 'Sessions',
      access: 'open',
      body: Type.Object({ refresh_token: Type.String({ minLength: 1, maxLength: 256 }) }),
      answer: TokenAnswer,
      errors: ['session_revoked', 'token_reused', 'sessions_unavailable'],
      examples: { body: { refresh_token: EXAMPLE_ANSWER.refresh_token }, answer: EXAMPLE_ANSWER },
      handle: async ({ body }) => {
        const issued = await refreshToken(deps, { refreshToken: body.refresh_token })
        return issued.ok ? accepted(tokenAnswer(issued.value)) : issued
      },
    }),

    logOut: defineRoute({
      summary: 'End the session',
      description: 'Every token of this session is dead at once.',
      tag: 'Sessions',
      access: 'session',
      body: Type.Object({}),
      answer: Type.Object({ msg: Type.String() }),
      errors: [],
      examples: { body: {}, answer: { msg: 'Logged out.' } },
      handle: async ({ caller, language }) => {
        await deps.sessions.end(caller.sessionId)
        return accepted({ msg: language === 'zh' ? '已退出登录。' : 'Logged out.' })
      },
    }),
  }
}
