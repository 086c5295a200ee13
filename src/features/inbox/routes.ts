import { type Static, Type } from 'typebox'
import type { Row } from '../../db/schema.ts'
import { ActItemSchema, CursorField, LIMIT_DEFAULT, LimitField, NextCursorField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { MessageId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import { type ClaimDeps, type Claimed, claimAllMessages, claimMessage } from './claim-messages.ts'
import { listMessages } from './list-messages.ts'
import { tokensLeft } from './rules.ts'

const nullable = (description: string) => Type.Union([Type.String(), Type.Null()], { description })

const Message = Type.Object({
  id: Type.String(),
  kind: Type.String({
    description:
      '`order_reward`: what a purchase gave; `invite_reward`: what an invitation brought. More kinds may come',
  }),
  title: Type.String(),
  tokens: Type.Integer(),
  coins: Type.Integer(),
  act_items: Type.Array(ActItemSchema),
  order_id: nullable('The order that it came from; null when it came from none'),
  state: Type.String({ description: '`unclaimed`, `claimed`, `withdrawn` or `expired`' }),
  created_at: Type.String({ description: 'ISO 8601, UTC' }),
  expires_at: nullable('Null: never'),
})

const ClaimAnswer = Type.Object({
  claimed: Type.Array(Type.String(), { description: 'Ids of the messages claimed by this call' }),
  tokens: Type.Integer(),
  coins: Type.Integer(),
  act_items: Type.Array(ActItemSchema),
  balance: Type.Object({ coins: Type.Integer(), tokens: Type.Integer() }),
  more: Type.Boolean({ description: 'True: more can be claimed, call again' }),
  msg: Type.String(),
})

const EXAMPLE_ID = 'msg_5d41402abc4b2a76b9719d911017c592'
const CLAIM_EXAMPLE = {
  claimed: [EXAMPLE_ID],
  tokens: 22,
  coins: 0,
  act_items: [],
  balance: { coins: 1000, tokens: 22 },
  more: false,
  msg: 'Claimed: 0 coins, 22 tokens.',
}

const MESSAGES_EXAMPLE = [
  {
    id: EXAMPLE_ID,
    kind: 'order_reward',
    title: 'Starter Pack',
    tokens: 22,
    coins: 0,
    act_items: [],
    order_id: 'order-20261101-0001',
    state: 'unclaimed',
    created_at: '2026-11-01T09:30:00.000Z',
    expires_at: null,
  },
]

type ActItems = Static<typeof ActItemSchema>[]

function messageRow(message: Row<'inbox_messages'>, language: Language): Static<typeof Message> {
  return {
    id: message.message_id,
    kind: message.kind,
    title: language === 'zh' ? message.title_zh : message.title_en,
    tokens: tokensLeft(message),
    coins: message.coins,
    act_items: JSON.parse(message.act_items) as ActItems,
    order_id: message.reward_order_id,
    state: message.state,
    created_at: isoTime(message.created_at_ms),
    expires_at: message.expires_at_ms === null ? null : isoTime(message.expires_at_ms),
  }
}

function claimAnswer(claimed: Claimed, language: Language): Static<typeof ClaimAnswer> {
  return {
    claimed: claimed.messages.map((message) => message.message_id),
    tokens: claimed.tokens,
    coins: claimed.coins,
    act_items: claimed.messages.flatMap((message) => JSON.parse(message.act_items) as ActItems),
    balance: claimed.balance,
    more: claimed.more,
    msg:
      language === 'zh'
        ? `已领取：${claimed.coins} 金币，${claimed.tokens} 第三货币。`
        : `Claimed: ${claimed.coins} coins, ${claimed.tokens} tokens.`,
  }
}

/** The calls about rewards that wait to be claimed. */
export function inboxRoutes(deps: ClaimDeps) {
  return {
    listMessages: defineRoute({
      summary: "A player's rewards, newest first",
      tag: 'Inbox',
      access: 'player',
      query: Type.Object({ limit: Type.Optional(LimitField), cursor: Type.Optional(CursorField) }),
      answer: Type.Object({ messages: Type.Array(Message), next_cursor: NextCursorField }),
      errors: [],
      examples: { answer: { messages: MESSAGES_EXAMPLE, next_cursor: null } },
      handle: async ({ caller, query, language }) => {
        const page = { limit: query.limit ?? LIMIT_DEFAULT, cursor: query.cursor ?? null }
        const found = await listMessages(deps, { playerId: caller.playerId, ...page })
        if (!found.ok) return found
        return accepted({
          messages: found.value.rows.map((message) => messageRow(message, language)),
          next_cursor: found.value.nextCursor,
        })
      },
    }),

    claimMessage: defineRoute({
      summary: 'Claim one reward',
      description: 'Credits the wallet once. A second claim is 409 `already_claimed`.',
      tag: 'Inbox',
      access: 'player',
      params: Type.Object({ id: Type.String({ pattern: '^[!-~]{1,64}$', maxLength: 64 }) }),
      body: Type.Object({}),
      answer: ClaimAnswer,
      errors: ['message_not_found', 'already_claimed', 'message_withdrawn', 'message_expired', 'order_disputed'],
      examples: { body: {}, answer: CLAIM_EXAMPLE },
      idempotencyKey: 'header',
      handle: ({ caller, params, language, idempotencyKey }) =>
        claimMessage(deps, {
          ...caller,
          messageId: params.id as MessageId,
          reply: { key: idempotencyKey, tell: (claimed) => claimAnswer(claimed, language) },
        }),
    }),

    claimAll: defineRoute({
      summary: 'Claim every reward',
      description: 'Claims what can be claimed now, up to 200 at a time; nothing to claim is not an error.',
      tag: 'Inbox',
      access: 'player',
      body: Type.Object({}),
      answer: ClaimAnswer,
      errors: ['player_not_found'],
      examples: { body: {}, answer: CLAIM_EXAMPLE },
      idempotencyKey: 'header',
      handle: ({ caller, language, idempotencyKey }) =>
        claimAllMessages(deps, {
          ...caller,
          reply: { key: idempotencyKey, tell: (claimed) => claimAnswer(claimed, language) },
        }),
    }),
  }
}
