import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { SessionId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import { SECRET_LENGTH_MAX } from '../../kernel/secret-length.ts'
import { logOut, revokeSession, revokeSessionsOf } from './end-sessions.ts'
import { handoverRoutes } from './handover-routes.ts'
import { issueToken, type SessionDeps } from './issue-token.ts'
import { listSessions } from './list-sessions.ts'
import { refreshToken } from './refresh-token.ts'
import { TOKEN_EXAMPLE, TokenAnswer, tokenAnswer } from './token-answer.ts'

/** The calls that start, renew and end a session, and those by which a player looks after all of them. */
export function sessionRoutes(deps: SessionDeps) {
  return {
    ...ownSessionsRoutes(deps),
    ...handoverRoutes(deps),

    issueToken: defineRoute({
      summary: 'Start a session',
      description:
        'A client gets an anonymous session, which a login then binds to a player. With the right `appSecret` the ' +
        "token is for the game's own server: it needs no login and may name any player of its app.",
      tag: 'Sessions',
      access: 'open',
      limit: 'login',
      body: Type.Object({
        appId: Type.String({ minLength: 1, maxLength: 128, description: 'The game, as configured' }),
        appSecret: Type.Optional(
          Type.String({ minLength: 1, maxLength: SECRET_LENGTH_MAX, description: "Of the game's own server only" }),
        ),
      }),
      answer: TokenAnswer,
      errors: ['invalid_app', 'sessions_unavailable'],
      examples: { body: { appId: 'com.funtriolimited.slots.casino.free' }, answer: TOKEN_EXAMPLE },
      handle: async ({ body, origin }) => {
        const issued = await issueToken(deps, { appId: body.appId, appSecret: body.appSecret ?? null, origin })
        return issued.ok ? accepted(tokenAnswer(issued.value)) : issued
      },
    }),

    refreshToken: defineRoute({
      summary: 'Renew a session',
      description:
        'Gives a new pair; the old refresh token dies. Using a dead one ends the whole session, and those that its codes have opened.',
      tag: 'Sessions',
      access: 'open',
      limit: 'login',
      body: Type.Object({
        refresh_token: Type.String({ minLength: 1, maxLength: 256, description: 'The newest one of the session' }),
      }),
      answer: TokenAnswer,
      errors: ['session_revoked', 'token_reused', 'sessions_unavailable'],
      examples: { body: { refresh_token: TOKEN_EXAMPLE.refresh_token }, answer: TOKEN_EXAMPLE },
      handle: async ({ body, origin }) => {
        const issued = await refreshToken(deps, { refreshToken: body.refresh_token, origin })
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
      handle: async ({ caller, language, origin }) => {
        await logOut(deps, { ...caller, origin })
        return accepted({ msg: language === 'zh' ? '已退出登录。' : 'Logged out.' })
      },
    }),
  }
}

const SessionRow = Type.Object({
  id: Type.String({ description: 'Names the session to `revoke`; it opens nothing' }),
  started_at: Type.String({ description: 'When its login was, ISO 8601, UTC' }),
  client: Type.String({ description: 'The start of its User-Agent; empty when it sent none' }),
  current: Type.Boolean({ description: 'True for the session that asks' }),
})

const SESSIONS_EXAMPLE = [
  {
    id: 'ses_5d41402abc4b2a76b9719d911017c592',
    started_at: '2026-11-01T09:30:00.000Z',
    client: 'SlotsCasino/4.2 (iPhone; iOS 26.1)',
    current: true,
  },
]

/** What a player may do with all of their own sessions; none of it touches the database. */
function ownSessionsRoutes(deps: SessionDeps) {
  return {
    listSessions: defineRoute({
      summary: 'The sessions of the player, newest first',
      description: 'Those that have not ended, 30 at most: a login beyond that ends the oldest.',
      tag: 'Sessions',
      access: 'player',
      answer: Type.Object({ sessions: Type.Array(SessionRow) }),
      errors: [],
      examples: { answer: { sessions: SESSIONS_EXAMPLE } },
      handle: async ({ caller }) => {
        const listed = await listSessions(deps, caller)
        return accepted({
          sessions: listed.map(({ sessionId, startedAtMs, client }) => ({
            id: sessionId,
            started_at: isoTime(startedAtMs),
            client,
            current: sessionId === caller.sessionId,
          })),
        })
      },
    }),

    revokeSession: defineRoute({
      summary: 'End one session of the player',
      description: 'Every token of it is dead at once. It may be the session that asks.',
      tag: 'Sessions',
      access: 'player',
      params: Type.Object({
        id: Type.String({ pattern: '^[!-~]{1,64}$', maxLength: 64, description: 'As `GET /sessions` names it' }),
      }),
      body: Type.Object({}),
      answer: Type.Object({ msg: Type.String() }),
      errors: ['session_not_found'],
      examples: { body: {}, answer: { msg: 'The session has been ended.' } },
      handle: async ({ caller, params, language, origin }) => {
        const revoked = await revokeSession(deps, { ...caller, sessionId: params.id as SessionId, origin })
        if (!revoked.ok) return revoked
        return accepted({ msg: language === 'zh' ? '该会话已结束。' : 'The session has been ended.' })
      },
    }),

    revokeOtherSessions: defineRoute({
      summary: 'End every other session of the player',
      description: 'Only the session that asks stays.',
      tag: 'Sessions',
      access: 'player',
      body: Type.Object({}),
      answer: Type.Object({ ended: Type.Integer(), msg: Type.String() }),
      errors: [],
      examples: { body: {}, answer: { ended: 2, msg: 'Other sessions ended: 2.' } },
      handle: async ({ caller, language, origin }) => {
        const ended = await revokeSessionsOf(deps, { ...caller, except: caller.sessionId, origin })
        return accepted({
          ended,
          msg: language === 'zh' ? `已结束 ${ended} 个其他会话。` : `Other sessions ended: ${ended}.`,
        })
      },
    }),
  }
}
