import { Type } from 'typebox'
import { defineRoute } from '../../http/route.ts'
import { accepted } from '../../kernel/outcome.ts'
import { issueHandover, redeemHandover } from './hand-over.ts'
import { HANDOVER_SECONDS } from './handover-codes.ts'
import type { SessionDeps } from './issue-token.ts'
import { TOKEN_EXAMPLE, TokenAnswer, tokenAnswer } from './token-answer.ts'

const EXAMPLE_CODE = 'ses_5d41402abc4b2a76b9719d911017c592.b25lLXRpbWUtY29kZQ'

/** The calls by which a game opens a session of its player in a browser. */
export function handoverRoutes(deps: SessionDeps) {
  return {
    issueHandover: defineRoute({
      summary: 'A one-time code that opens a session of the player in a browser',
      description:
        'Good for 60 seconds and one use; a further code of the session ends the one before. Hand it to the page in ' +
        'the fragment of its address (`#`), which no server sees and no log keeps, and let the page redeem it by POST.',
      tag: 'Sessions',
      access: 'player',
      body: Type.Object({}),
      answer: Type.Object({
        code: Type.String({ description: 'For `POST /handover/redeem`' }),
        expires_in: Type.Integer({ description: 'Seconds' }),
      }),
      errors: [],
      examples: { body: {}, answer: { code: EXAMPLE_CODE, expires_in: HANDOVER_SECONDS } },
      handle: async ({ caller, origin }) => {
        const { appId, sessionId, playerId } = caller
        const code = await issueHandover(deps, { appId, sessionId, playerId, origin })
        return accepted({ code, expires_in: HANDOVER_SECONDS })
      },
    }),

    redeemHandover: defineRoute({
      summary: 'Open the session that a one-time code is for',
      description:
        'A session of its own for the same player, which stays when the one that gave the code ends later, unless that ' +
        'ends because its refresh token was used twice. The code is taken in the body only.',
      tag: 'Sessions',
      access: 'open',
      limit: 'login',
      body: Type.Object({
        appId: Type.String({ minLength: 1, maxLength: 128, description: 'The game, as configured' }),
        code: Type.String({ minLength: 1, maxLength: 256, description: 'As `POST /handover` gave it' }),
      }),
      answer: Type.Object({
        ...TokenAnswer.properties,
        uid: Type.String({ description: 'The player, as a decimal string' }),
      }),
      errors: ['invalid_handover', 'invalid_app', 'sessions_unavailable'],
      examples: {
        body: { appId: 'com.funtriolimited.slots.casino.free', code: EXAMPLE_CODE },
        answer: { ...TOKEN_EXAMPLE, uid: '10001' },
      },
      handle: async ({ body, origin }) => {
        const opened = await redeemHandover(deps, { appId: body.appId, code: body.code, origin })
        if (!opened.ok) return opened
        return accepted({ ...tokenAnswer(opened.value.issued), uid: String(opened.value.playerId) })
      },
    }),
  }
}
