import { Type } from 'typebox'
import { namedPlayer } from '../../http/auth.ts'
import { ActItemSchema, UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import type { Caller, ClientCaller } from '../../kernel/caller.ts'
import type { Language } from '../../kernel/error-codes.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { majorNumber } from '../../kernel/money.ts'
import { accepted } from '../../kernel/outcome.ts'
import { listItems, type PlayerStore, type StoreDeps } from './list-items.ts'
import { listPrice } from './rules.ts'

const StoreAnswer = Type.Object({
  is_first_pay: Type.Integer({ enum: [0, 1], description: '1: the next payment is a first charge' }),
  items: Type.Array(
    Type.Object({
      id: Type.Integer(),
      name: Type.String(),
      price: Type.Number({ description: 'Major units' }),
      currency: Type.String(),
      coins: Type.Integer(),
      tokens: Type.Integer({ description: 'What this player would get now' }),
      tokens_base: Type.Integer(),
      bonus: Type.Integer({ description: 'Per cent in force: 10 is 10 %' }),
      act_items: Type.Array(ActItemSchema),
    }),
  ),
})

const EXAMPLE = {
  is_first_pay: 1,
  items: [
    {
      id: 1,
      name: 'Starter Pack',
      price: 19.99,
      currency: 'USD',
      coins: 1000,
      tokens: 22,
      tokens_base: 20,
      bonus: 10,
      act_items: [],
    },
  ],
}

function storeAnswer(store: PlayerStore, language: Language) {
  return {
    is_first_pay: store.isFirstCharge ? 1 : 0,
    items: store.offers.flatMap(({ item, reward }) => {
      const price = listPrice(item)
      if (!price) return []
      return {
        id: item.itemId,
        name: language === 'zh' ? item.nameZh : item.nameEn,
        price: majorNumber(price),
        currency: price.currency,
        coins: reward.coins,
        tokens: reward.tokensBase + reward.tokensBonus,
        tokens_base: reward.tokensBase,
        bonus: reward.bonusPercent,
        act_items: [...item.terms.actItems],
      }
    }),
  }
}

/** The store, in both of its spellings. */
export function storeRoutes(deps: StoreDeps) {
  const answer = async (input: {
    caller: Caller | (ClientCaller & { playerId: PlayerId })
    uid: string | undefined
    language: Language
  }) => {
    const playerId = namedPlayer(input.caller, input.uid)
    if (!playerId.ok) return playerId
    const store = await listItems(deps, { appId: input.caller.appId, playerId: playerId.value })
    return store.ok ? accepted(storeAnswer(store.value, input.language)) : store
  }
  const described = {
    summary: 'The store made for the player',
    description:
      'Every item on sale, with what this player would get now. Those for premium players (coins >= 10000 and level >= ' +
      '99.99) are shown to nobody else.',
    tag: 'Store',
    access: 'player_or_server' as const,
    answer: StoreAnswer,
    errors: ['player_not_found'] as const,
  }
  return {
    listItemsByQuery: defineRoute({
      ...described,
      query: Type.Object({ uid: Type.Optional(UidField) }),
      examples: { answer: EXAMPLE },
      handle: ({ caller, query, language }) => answer({ caller, language, uid: query.uid }),
    }),
    listItems: defineRoute({
      ...described,
      body: Type.Object({ uid: Type.Optional(UidField) }),
      examples: { body: {}, answer: EXAMPLE },
      handle: ({ caller, body, language }) => answer({ caller, language, uid: body.uid }),
    }),
  }
}
