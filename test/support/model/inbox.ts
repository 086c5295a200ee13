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
  const messages = mailOf(world, player)
    .toSorted((a, b) => b.message.atMs - a.message.atMs)
    .map(({ name, shown, coins, tokens, message }) => ({
      ...{ id: name, ...shown, coins, tokens },
      act_items: [],
      state: message.isClaimed ? 'claimed' : 'unclaimed',
      created_at: new Date(message.atMs).toISOString(),
      expires_at: null,
    }))
  return pageWalk(messages, limit)
}

export function answerClaim(world: World, step: StepOf<'claim'>): Facts {
  const player = playerCalling(world, step.by)
  const named = [...world.players.values()].flatMap((one) => mailOf(world, one)).find((mail) => isMeant(mail, step))
  return onceFor(world, { player, key: step.key, request: ['claim', named?.name ?? null] }, () => {
    const mine = mailOf(world, player).find((mail) => isMeant(mail, step))
    if (!mine) refuse(404, 'message_not_found')
    if (mine.message.isClaimed) refuse(409, 'already_claimed')
    return claim(world, player, [mine])
  })
}

const isMeant = ({ name, shown }: Mail, { order }: StepOf<'claim'>) => shown.order_id === order || name === order

/** Nothing to claim is a claim of nothing. */
export function answerClaimAll(world: World, step: StepOf<'claim_all'>): Facts {
  const player = playerCalling(world, step.by)
  return onceFor(world, { player, key: step.key, request: ['claim_all'] }, () => {
    const waiting = mailOf(world, player).filter(({ message }) => !message.isClaimed)
    return claim(world, player, waiting)
  })
}

/** A message, whatever left it. */
interface Mail {
  readonly name: string
  readonly shown: { readonly kind: string; readonly title: string | null; readonly order_id: string | null }
  readonly coins: number
  readonly tokens: number
  /** What changes when it is claimed. */
  readonly message: { readonly atMs: number; isClaimed: boolean }
}

function mailOf(world: World, player: ModelPlayer): Mail[] {
  const ofOrders = [...world.orders.values()].flatMap((order): Mail[] => {
    const { message, itemName: title, grant } = order
    if (message === null || order.player !== player.name) return []
    const shown = { kind: 'order_reward', title, order_id: order.name }
    return [{ name: messageName(order), shown, coins: 0, tokens: grant?.tokens ?? 0, message }]
  })
  const shown = { kind: 'invite_reward', title: 'Invitation reward', order_id: null }
  const ofInvites = world.inviteMessages
    .filter((message) => message.player === player.name)
    .map((message) => ({ name: message.name, shown, coins: message.coins, tokens: message.tokens, message }))
  return [...ofOrders, ...ofInvites]
}

function onceFor(
  world: World,
  { player, key, request }: { player: ModelPlayer; key: Key | null; request: readonly unknown[] },
  work: () => Facts,
): Facts {
  return once(world, { scope: player.name, key, request, keptForMs: keptAsMoneyMoved }, work)
}

/** A claim of nothing moved nothing. */
function keptAsMoneyMoved({ coins, tokens }: Facts): number | null {
  return coins === 0 && tokens === 0 ? KEPT_FOR_A_DAY_MS : KEPT_FOR_EVER
}

function claim(world: World, player: ModelPlayer, mails: readonly Mail[]): Facts {
  const given = { coins: 0, tokens: 0 }
  for (const mail of mails.toSorted((a, b) => a.message.atMs - b.message.atMs)) {
    given.coins += mail.coins
    given.tokens += mail.tokens
    mail.message.isClaimed = true
    const between = { from: `inbox:${player.name}`, to: `player:${player.name}` }
    const postings = (['coins', 'tokens'] as const)
      .filter((currency) => mail[currency] > 0)
      .map((currency) => ({ ...between, currency, amount: mail[currency] }))
    book(world, player, { kind: 'inbox_claim', source: mail.name, postings })
  }
  const claimed = mails.map(({ name }) => name).toSorted()
  return { claimed, ...given, act_items: [], balance: balanceOf(player), more: false }
}
