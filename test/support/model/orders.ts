import { pageWalk } from './pages.ts'
import { changeState, recordFailure, settlePayment } from './payments.ts'
import type { Facts, HistoryStep, OrderStep, StepOf } from './steps.ts'
import { mayBuy, packNow, tokensOf } from './store.ts'
import {
  callerForSomeone,
  KEPT_FOR_A_DAY_MS,
  type ModelOrder,
  type ModelPlayer,
  once,
  playerCalling,
  Refusal,
  refuse,
  type World,
} from './world.ts'

const LIFE_MS = 30 * 60 * 1000
const CHECK_EVERY_MS = 10_000

/** When a pending order ends by itself. */
export const endOf = (order: ModelOrder) => order.atMs + LIFE_MS

/** Which channels have a checkout page of ours: in `local` the sandbox stands in for one that there is not. */
const hasPage = ({ channel }: ModelOrder) => channel === 'sandbox' || channel === 'nonesuch'

export function answerOrder(world: World, step: OrderStep): Facts {
  const player = playerCalling(world, step.by)
  const { item, channel } = step
  const call = { scope: player.name, key: step.key, request: ['order', item, channel], keptForMs: KEPT_FOR_A_DAY_MS }
  const facts = once(world, call, () => makeOrder(world, { player, item, channel }))
  const order = world.orders.get(String(facts['order_id']))
  // Asked again, it says what there is to pay with now.
  const checkout = order && (hasPage(order) ? { kind: 'url' } : { kind: 'external' })
  const isOpen = order?.status === 'pending' && world.nowMs < endOf(order)
  return { ...facts, checkout: isOpen ? checkout : null }
}

function makeOrder(
  world: World,
  { player, item: itemId, channel }: { player: ModelPlayer; item: number; channel: string },
): Facts {
  const item = packNow(world, itemId)
  // Nothing was paid, so there is nothing for support to find.
  if (!item) refuse(404, 'item_not_found', { action: 'show_message' })
  if (!mayBuy(player, item)) refuse(403, 'item_locked', { action: 'show_message' })
  const { cents, coins, base, first, later } = item
  const order: ModelOrder = {
    name: `made-${world.made}`,
    ...{ player: player.name, item: itemId, itemName: item.name, atMs: world.nowMs, channel },
    frozen: { cents, coins, base, first, later, tokensShown: tokensOf(item, { isFirst: !player.hadFirstCharge }) },
    ...{ status: 'new', errorCode: null, grant: null, message: null, askedAtMs: null, purchases: 0 },
  }
  world.made += 1
  world.orders.set(order.name, order)
  changeState(world, order, 'pending')
  return { ...rowOf(order), payment_channel: channel, expires_at: new Date(endOf(order)).toISOString() }
}

/** Gives up a pending order; one that is cancelled stays so, and any other is past giving up. */
export function answerCancel(world: World, step: StepOf<'cancel'>): Facts {
  const player = playerCalling(world, step.by)
  const { order: name, reason } = step
  const request = ['cancel', name, reason]
  const call = { scope: player.name, key: step.key, request, keptForMs: KEPT_FOR_A_DAY_MS }
  return once(world, call, () => {
    const order = ownOrder(world, { player, name })
    if (order.status !== 'cancelled') {
      if (order.status !== 'pending') refuse(409, 'order_not_pending')
      order.errorCode = 'PAYMENT_CANCELLED'
      changeState(world, order, 'cancelled')
    }
    return rowOf(order)
  })
}

export function answerRead(world: World, step: StepOf<'read'>): Facts {
  const player = playerCalling(world, step.by)
  return rowOf(ownOrder(world, { player, name: step.order }))
}

/** "I paid and got nothing": asks the platform again, once in ten seconds for each order. */
export function answerCheck(world: World, step: StepOf<'check'>): Facts | null {
  const player = playerCalling(world, step.by)
  const order = ownOrder(world, { player, name: step.order })
  if (order.grant || !hasPage(order)) return rowOf(order)
  if (isForgotten(world, order)) return null
  const waitMs = order.askedAtMs === null ? 0 : order.askedAtMs + CHECK_EVERY_MS - world.nowMs
  if (waitMs > 0) refuse(429, 'too_many_requests', { retryAfter: Math.ceil(waitMs / 1000) })
  order.askedAtMs = world.nowMs
  if (order.purchases > 0) statusOf(() => pay(world, { order, purchase: 1 }))
  return rowOf(order)
}

/** A button of the sandbox's page. Gives what the server answered to each notice that the platform then sent. */
export function answerPress(world: World, step: StepOf<'press'>): Facts | null {
  const order = world.orders.get(step.order)
  if (!order || !hasPage(order)) refuse(404, 'order_not_found')
  if (isForgotten(world, order)) return null
  const take = () => {
    order.purchases += 1
    return order.purchases
  }
  const fail = (code: string) =>
    statusOf(() => recordFailure(world, { order: order.name, uid: order.player, item: order.item, code }))
  switch (step.button) {
    case 'pay-silently':
      take()
      return { delivered: [] }
    case 'pay':
      return { delivered: [take()].map((purchase) => taken(() => pay(world, { order, purchase }))) }
    case 'pay-twice':
      return { delivered: [take(), take()].map((purchase) => taken(() => pay(world, { order, purchase }))) }
    case 'decline':
      return { delivered: [fail('CARD_DECLINED')] }
    case 'cancel':
      return { delivered: [fail('PAYMENT_CANCELLED')] }
  }
}

/** A purchase of a device is its buyer's; for anybody else there is none. */
export function answerVerify(world: World, { by, order: name, purchase }: StepOf<'verify'>): Facts | null {
  const player = playerCalling(world, by)
  const order = world.orders.get(name)
  if (order && isForgotten(world, order)) return null
  if (!order || order.purchases < purchase || order.player !== player.name) refuse(404, 'purchase_not_found')
  return pay(world, { order, purchase })
}

/** The page is there for a week; a sequence asks for it only while it surely is. */
const isForgotten = (world: World, order: ModelOrder) => world.nowMs - order.atMs > 6 * 24 * 60 * 60 * 1000

function pay(world: World, { order, purchase }: { order: ModelOrder; purchase: number }): Facts {
  return settlePayment(world, {
    instance: 'sandbox',
    order: order.name,
    ...{ player: order.player, item: order.item, cents: order.frozen?.cents ?? 0, currency: 'USD' },
    transaction: `${order.name} ${purchase}`,
  })
}

/** Money that waits for a person is accepted: its platform need not send it again. */
function taken(work: () => Facts): number {
  statusOf(work)
  return 200
}

function statusOf(work: () => Facts): number {
  try {
    work()
    return 200
  } catch (error) {
    if (error instanceof Refusal) return error.told.status
    throw error
  }
}

/** A player's orders, newest first. */
export function answerHistory(world: World, step: HistoryStep): Facts {
  const { named } = callerForSomeone(world, step.by)
  pageWalk([], step.limit)
  const player = named(step.uid)
  const rows = [...world.orders.values()]
    .filter((order) => order.player === player.name && (step.status === null || order.status === step.status))
    .toSorted((a, b) => b.atMs - a.atMs)
    .map(rowOf)
  return pageWalk(rows, step.limit)
}

/** Ends the pending orders whose half hour is over. */
export function expireOrders(world: World): Facts {
  for (const order of world.orders.values()) {
    if (order.status === 'pending' && endOf(order) <= world.nowMs) changeState(world, order, 'expired')
  }
  return {}
}

function ownOrder(world: World, { player, name }: { player: ModelPlayer; name: string }): ModelOrder {
  const order = world.orders.get(name)
  return order && order.player === player.name ? order : refuse(404, 'order_not_found')
}

/** An order as it is shown. What one that promised nothing would give is nobody's business until it is paid. */
function rowOf(order: ModelOrder): Facts {
  const { frozen, grant } = order
  const shown = grant ?? (frozen && { cents: frozen.cents, coins: frozen.coins, tokens: frozen.tokensShown })
  const nothing = order.itemName === null ? { coins: 0, tokens: 0 } : {}
  return {
    order_id: order.name,
    item_id: order.item,
    item_name: order.itemName,
    order_time: new Date(order.atMs).toISOString().slice(0, 19).replace('T', ' '),
    order_status: order.status,
    ...(shown ? { price: shown.cents / 100, currency: 'USD', coins: shown.coins, tokens: shown.tokens } : nothing),
    is_first_charge: grant?.isFirst ?? false,
    error_code: order.errorCode,
  }
}
