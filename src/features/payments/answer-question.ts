import type { ItemOffered, PlatformQuestion, QuestionAnswer } from '../../channels/channel.ts'
import type { Row } from '../../db/schema.ts'
import { displayName, findPlayer, levelNumber } from '../players/index.ts'
import { isPremium, listItems, type Reward, type StoreItem } from '../store/index.ts'
import type { CheckDeps } from './check-order.ts'

const NOBODY: QuestionAnswer = { player: null, items: [] }

/** Answers what a platform asks of a player. Whom this app does not know, or knows no more, is nobody. */
export async function answerQuestion(deps: CheckDeps, question: PlatformQuestion): Promise<QuestionAnswer> {
  switch (question.asks) {
    case 'who_is':
    case 'what_may_they_buy':
      return answerAboutPlayer(deps, question)
    case 'log_in': {
      const entered = await deps.platformLogin.logIn(question)
      return entered.ok ? { player: entered.value, items: [] } : { ...NOBODY, refusal: entered.refusal.code }
    }
    case 'begin_login': {
      const begun = await deps.platformLogin.begin(question)
      return begun.ok ? { ...NOBODY, begun: begun.value } : { ...NOBODY, refusal: begun.refusal.code }
    }
  }
}

async function answerAboutPlayer(
  deps: CheckDeps,
  { asks, appId, playerId }: Extract<PlatformQuestion, { readonly asks: 'who_is' | 'what_may_they_buy' }>,
): Promise<QuestionAnswer> {
  const player = await findPlayer(deps.database.db, { appId, playerId })
  if (player?.status !== 'active') return NOBODY
  const shown = { playerId, name: displayName(player), avatarUrl: player.avatar_url }
  if (asks === 'who_is') return { player: shown, items: [] }
  const store = await listItems(deps, { appId, playerId })
  const items = store.ok ? store.value.offers.map(offered) : []
  return { player: shown, items, standing: standingOf(player) }
}

function standingOf(player: Row<'users'>): NonNullable<QuestionAnswer['standing']> {
  return {
    coins: player.coins,
    tokens: player.tokens,
    level: levelNumber(player.level_hundredths),
    vipLevel: player.vip_level,
    isPremium: isPremium(player),
    isFirstCharge: player.first_charge_order_id === null,
  }
}

function offered({ item, reward }: { item: StoreItem; reward: Reward }): ItemOffered {
  const { itemId, nameEn, nameZh, prices, terms } = item
  return {
    itemId,
    names: { en: nameEn, zh: nameZh },
    prices: [...prices].map(([currency, minor]) => ({ minor, currency })),
    coins: reward.coins,
    tokens: reward.tokensBase + reward.tokensBonus,
    bonusPercent: reward.isFirstCharge ? terms.firstChargeBonusPercent : terms.bonusPercent,
  }
}
