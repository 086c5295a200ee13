import { type Static, Type } from 'typebox'
import type { Row } from '../../db/schema.ts'
import { UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import { PlayerFields, playerFields } from './player-answer.ts'
import { readPlayer } from './read-player.ts'
import { LEVEL_HUNDREDTHS_MAX, levelNumber, VIP_LEVEL_MAX } from './rules.ts'
import { type PlayerDeps, type Progress, updateProgress } from './update-progress.ts'

const Balances = Type.Object({ coins: Type.Integer(), tokens: Type.Integer() })

const UserAnswer = Type.Object({
  ...PlayerFields.properties,
  inbox: Type.Object(Balances.properties, { description: 'Rewards that wait to be claimed' }),
  ledger_seq: Type.Integer({ description: 'Number of the last entry of the ledger; 0 before the first' }),
  event_seq: Type.Integer({ description: 'Number of the last event; 0 before the first' }),
  created_at: Type.String({ description: 'ISO 8601, UTC' }),
})

const USER_EXAMPLE = {
  user_id: '10001',
  uid: '10001',
  user_name: 'Player 10001',
  avatar_url: '',
  level: 12.5,
  vip_level: 1,
  coins: 1000,
  tokens: 0,
  inbox: { coins: 0, tokens: 22 },
  is_first_pay: 0,
  ledger_seq: 1,
  event_seq: 2,
  created_at: '2026-11-01T09:30:00.000Z',
}

function userAnswer(player: Row<'users'>): Static<typeof UserAnswer> {
  return {
    ...playerFields(player),
    inbox: { coins: player.inbox_coins, tokens: player.inbox_tokens },
    ledger_seq: player.ledger_seq,
    event_seq: player.event_seq,
    created_at: isoTime(player.created_at_ms),
  }
}

const ProgressBody = Type.Object({
  level: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: levelNumber(LEVEL_HUNDREDTHS_MAX),
      description: 'At most two decimals; left out: as it was',
    }),
  ),
  vip_level: Type.Optional(Type.Integer({ minimum: 0, maximum: VIP_LEVEL_MAX, description: 'Left out: as it was' })),
})

const ProgressAnswer = Type.Object({
  uid: UidField,
  level: Type.Number({ description: 'Two decimals' }),
  vip_level: Type.Integer(),
  msg: Type.String(),
})

const SAVED = { en: 'Progress saved.', zh: '进度已保存。' } as const

function progressAnswer({ playerId, levelHundredths, vipLevel }: Progress, language: Language) {
  return { uid: String(playerId), level: levelNumber(levelHundredths), vip_level: vipLevel, msg: SAVED[language] }
}

/** The game server's calls about who a player is and how far. */
export function playerRoutes(deps: PlayerDeps) {
  return {
    readUser: defineRoute({
      summary: 'A player, with balances and progress',
      description: 'A player of the own app; one who is unknown, erased or of another app is 404.',
      tag: 'Game server',
      access: 'server',
      params: Type.Object({ uid: UidField }),
      answer: UserAnswer,
      errors: ['player_not_found'],
      examples: { answer: USER_EXAMPLE },
      handle: async ({ caller, params }) => {
        const found = await readPlayer(deps, { appId: caller.appId, playerId: Number(params.uid) as PlayerId })
        return found.ok ? accepted(userAnswer(found.value)) : found
      },
    }),

    updateProgress: defineRoute({
      summary: "Take over a player's level and VIP level",
      description: 'One of the two or both. Level and coins decide which packs the store shows.',
      tag: 'Game server',
      access: 'server',
      params: Type.Object({ uid: UidField }),
      body: ProgressBody,
      answer: ProgressAnswer,
      errors: ['player_not_found'],
      examples: {
        body: { level: 99.99, vip_level: 3 },
        answer: { uid: '10001', level: 99.99, vip_level: 3, msg: SAVED.en },
      },
      idempotencyKey: 'header',
      handle: ({ caller, params, body, language, idempotencyKey }) =>
        updateProgress(deps, {
          appId: caller.appId,
          playerId: Number(params.uid) as PlayerId,
          level: body.level ?? null,
          vipLevel: body.vip_level ?? null,
          reply: { key: idempotencyKey, tell: (progress) => progressAnswer(progress, language) },
        }),
    }),
  }
}
