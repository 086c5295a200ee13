import { pageWalk } from './pages.ts'
import type { Facts, Key, StepOf } from './steps.ts'
import {
  balanceOf,
  book,
  KEPT_FOR_A_DAY_MS,
  KEPT_FOR_EVER,
  type ModelOrder,
  type ModelPlayer,
  once,
  playerCalling,
  refuse,
  type World,
} from './world.ts'

/** A message is named by the order that left it. */
export const messageName = (order: ModelOrder) => `message of ${order.name}`

/** A player's rewards, newest first, the claimed ones too. */
export function answerInbox(world: World, { by, limit }: StepOf<'inbox'>): Facts {
  const player = playerCalling(world, by)
  const messages = rewarded(world, player)
    .toSorted((a, b) => b.message.atMs - a.message.atMs)
    .map((order) => ({
      id: messageName(order),
      kind: 'order_reward',
      title: order.itemName,
      tokens: order.grant?.tokens,
      coins: 0,
      act_items: [],
      order_id: order.name,
      state: order.message.isClaimed ? 'claimed' : 'unclaimed',
      created_at: new Date(order.message.atMs).toISOString(),
      expires_at: null,
    }))
  return pageWalk(messages, limit)
}

export function answerClaim(world: World, step: StepOf<'claim'>): Facts {
  const player = playerCalling(world, step.by)
  const order = world.orders.get(step.order)
  return onceFor(world, { player, key: step.key, request: ['claim', order?.message ? order.name : null] }, () => {
    const mine = rewarded(world, player).find((one) => one === order)
    if (!mine) refuse(404, 'message_not_found')
    if (mine.message.isClaimed) refuse(409, 'already_claimed')
    return claim(world, player, [mine])
  })
}

/** Nothing to claim is a claim of nothing. */
export function answerClaimAll(world: World, step: StepOf<'claim_all'>): Facts {
  const player = playerCalling(world, step.by)
  return onceFor(world, { player, key: step.key, request: ['claim_all'] }, () => {
    const waiting = rewarded(world, player).filter((order) => !order.message.isClaimed)
    return claim(world, player, waiting)
  })
}

type Rewarded = ModelOrder & { message: NonNullable<ModelOrder['message']> }

function rewarded(world: World, player: ModelPlayer): Rewarded[] {
  const isRewarded = (order: ModelOrder): order is Rewarded => order.message !== null
  return [...world.orders.values()].filter(isRewarded).filter((order) => order.player === player.name)
}

function onceFor(
  world: World,
  { player, key, request }: { player: ModelPlayer; key: Key | null; request: readonly unknown[] },
  work: () => Facts,
): Facts {
  return once(world, { scope: player.name, key, request, keptForMs: keptAsMoneyMoved }, work)
}

/** A claim of nothing moved nothing. */
function keptAsMoneyMoved({ tokens }: Facts): number | null {
  return tokens === 0 ? KEPT_FOR_A_DAY_MS : KEPT_FOR_EVER
}

function claim(world: World, player: ModelPlayer, orders: readonly Rewarded[]): Facts {
  let tokens = 0
  for (const order of orders.toSorted((a, b) => a.message.atMs - b.message.atMs)) {
    const amount = order.grant?.tokens ?? 0
    tokens += amount
    order.message.isClaimed = true
    const between = { from: `inbox:${player.name}`, to: `player:${player.name}` }
    const postings = [{ ...between, currency: 'tokens' as const, amount }]
    book(world, player, { kind: 'inbox_claim', source: messageName(order), postings })
  }
  const claimed = orders.map(messageName).toSorted()
  return { claimed, tokens, coins: 0, act_items: [], balance: balanceOf(player), more: false }
}
