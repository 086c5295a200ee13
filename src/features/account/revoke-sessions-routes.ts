import { Type } from 'typebox'
import { UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import type { AccountDeps } from './log-in.ts'
import { revokeSessions } from './revoke-sessions.ts'

/** The game server's call that puts a player out everywhere. */
export function revokeSessionsRoutes(deps: AccountDeps) {
  return {
    revokeSessions: defineRoute({
      summary: 'End every session of a player',
      description: 'Their tokens of both kinds are dead at once. They may log in again.',
      tag: 'Game server',
      access: 'server',
      params: Type.Object({ uid: UidField }),
      body: Type.Object({}),
      answer: Type.Object({ ended: Type.Integer({ description: 'How many there were' }), msg: Type.String() }),
      errors: ['player_not_found', 'sessions_unavailable'],
      examples: { body: {}, answer: { ended: 2, msg: 'Sessions ended: 2.' } },
      handle: async ({ caller, params, language, origin }) => {
        const playerId = Number(params.uid) as PlayerId
        const ended = await revokeSessions(deps, { appId: caller.appId, playerId, origin })
        if (!ended.ok) return ended
        const count = ended.value
        return accepted({
          ended: count,
          msg: language === 'zh' ? `已结束 ${count} 个会话。` : `Sessions ended: ${count}.`,
        })
      },
    }),
  }
}
