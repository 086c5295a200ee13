import { Type } from 'typebox'
import { OrderIdField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { OrderId } from '../../kernel/ids.ts'
import { accepted } from '../../kernel/outcome.ts'
import { ORDER_EXAMPLE, OrderAnswer, orderAnswer } from '../orders/index.ts'
import { type CaseDeps, readOrderCase } from './order-case.ts'

/** The whole story of an order, for the game's own support. */
export function caseRoutes(deps: CaseDeps) {
  return { readCase: caseRoute(deps) }
}

const Story = Type.Object({
  at: Type.String({ description: 'ISO 8601, UTC' }),
  kind: Type.String({
    description:
      '`promise`, `message` (of a platform, with how it was proven), `payment`, `cause` (a refund or dispute), `state`, ' +
      '`posting`, `reward`, `reversal`, `review`, `claim`, `staff`, `refund`. More kinds may come',
  }),
  facts: Type.Unknown({ description: 'By the kind' }),
})

function caseRoute(deps: CaseDeps) {
  return defineRoute({
    summary: "An order's whole story",
    description:
      'Everything that happened to an order in the order of time, and one plain sentence: why it stands as it does and ' +
      'what happens next. No secret and no raw message is shown.',
    tag: 'Game server',
    access: 'server',
    params: Type.Object({ order_id: OrderIdField }),
    answer: Type.Object({
      order: Type.Object({ ...OrderAnswer.properties, uid: Type.String() }),
      explanation: Type.Object({ en: Type.String(), zh: Type.String() }),
      story: Type.Array(Story),
      notes: Type.Array(Type.String(), { description: 'What a very long story leaves out' }),
    }),
    errors: ['order_not_found'],
    examples: {
      answer: {
        order: { ...ORDER_EXAMPLE, uid: '10001' },
        explanation: {
          en: 'It was paid and granted: the coins are in the wallet. Its reward waits in the inbox until the player claims it.',
          zh: '订单已付款并发放，金币已到账。奖励在收件箱中，等待玩家领取。',
        },
        story: [
          {
            at: '2026-11-01T09:30:00.000Z',
            kind: 'state',
            facts: { order_status: 'completed', state_version: 1, error_code: null },
          },
        ],
        notes: [],
      },
    },
    handle: async ({ caller, params, language }) => {
      const told = await readOrderCase(deps, { appId: caller.appId, orderId: params.order_id as OrderId })
      if (!told.ok) return told
      const { order, explanation, story, notes } = told.value
      return accepted({
        order: { ...orderAnswer(order, language), uid: String(order.user_id) },
        explanation: { ...explanation },
        story: story.map(({ atMs, kind, facts }) => ({ at: isoTime(atMs), kind, facts })),
        notes: [...notes],
      })
    },
  })
}
