import type { ItemOffered, PlatformQuestion, QuestionAnswer } from '../../channels/channel.ts'
import { findPlayer } from '../players/index.ts'
import { listItems, type StoreItem } from '../store/index.ts'
import type { CheckDeps } from './check-order.ts'

const NOBODY: QuestionAnswer = { player: null, items: [] }

/** Answers what a platform asks of a player. Whom this app does not know, or knows no more, is nobody. */
export async function answerQuestion(deps: CheckDeps, question: PlatformQuestion): Promise<QuestionAnswer> {
  const { asks, appId, playerId } = question
  const player = await findPlayer(deps.database.db, { appId, playerId })
  if (player?.status !== 'active') return NOBODY
  const shown = { playerId, name: player.user_name, avatarUrl: player.avatar_url }
  if (asks === 'who_is') return { player: shown, items: [] }
  const store = await listItems(deps, { appId, playerId })
  return { player: shown, items: store.ok ? store.value.offers.map(({ item }) => offered(item)) : [] }
}

function offered({ itemId, nameEn, nameZh, prices }: StoreItem): ItemOffered {
  return {
    itemId,
    names: { en: nameEn, zh: nameZh },
    prices: [...prices].map(([currency, minor]) => ({ minor, currency })),
  }
}
