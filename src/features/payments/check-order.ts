import type { Channel, Channels, PlatformLogin, VerifiedPayment } from '../../channels/channel.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId, OrderId, PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import { takeTurn } from '../../kv/take-turn.ts'
import { findCheckout, findOrder } from '../orders/index.ts'
import { withPayer } from './claim-payment.ts'
import { listedPages } from './listed-pages.ts'
import { type MessageDeps, settleMessage } from './settle-message.ts'

export interface CheckDeps extends MessageDeps {
  readonly channels: Channels
  readonly platformLogin: PlatformLogin
  readonly kv: KeyValueStore
}

/** A platform is asked about one order this often at most: a player who waits presses again and again. */
export const CHECK_EVERY_MS = 10_000

/** A list is searched by instance, too, this often: each search may read many pages, and players have many orders. */
export const SEARCH_EVERY_MS = 2_000
/** Clocks differ a little. */
const LISTS_BEFORE_MS = 60_000
/** An order lives half an hour, and what is paid at its end is listed some minutes later. */
const SEARCHED_MAX_MS = 2 * 60 * 60_000
/** A player waits for the answer: what a busy shop told in two hours is left to the poll. */
const SEARCHED_PAGES_MAX = 5

/**
 * For a player who paid and got nothing: asks the platform whether the order was paid, and settles it as any other road
 * would. Gives the order as it stands then. One that was granted, or whose channel cannot be asked, is answered as it is.
 */
export async function checkOrder(
  deps: CheckDeps,
  wanted: { appId: AppId; playerId: PlayerId; orderId: OrderId; requestId: string },
): Promise<Outcome<Row<'orders'>>> {
  const { db } = deps.database
  const order = await findOrder(db, wanted)
  if (!order) return refused('order_not_found')
  const channel = order.channel_instance === null ? null : deps.channels.byInstance(order.channel_instance)
  const canBeSearched = channel?.listMessages !== undefined && channel.listsOnly !== 'reversals'
  const canBeAsked = channel?.lookUpPayment !== undefined || canBeSearched
  if (order.granted_payment_id !== null || channel?.appId !== order.app_id || !canBeAsked) return accepted(order)
  const nowMs = deps.clock.nowMs()
  const name = `order-check:${order.app_id}:${order.order_id}`
  const waitMs = await takeTurn(deps.kv, { name, everyMs: CHECK_EVERY_MS, nowMs })
  if (waitMs > 0) return refused('too_many_requests', { retryAfterSeconds: Math.ceil(waitMs / 1000) })
  const asked = { order, requestId: wanted.requestId, nowMs }
  const done = channel.lookUpPayment ? await lookUp(deps, channel, asked) : await searchList(deps, channel, asked)
  if (!done.ok) return done
  const after = await findOrder(db, wanted)
  invariant(after, `order ${order.order_id} was there before`)
  return accepted(after)
}

interface Asked {
  readonly order: Row<'orders'>
  readonly requestId: string
  readonly nowMs: number
}

/** What it does not know is no fault: it was not paid, or not yet. */
async function lookUp(deps: CheckDeps, channel: Channel, { order, requestId, nowMs }: Asked): Promise<Outcome<'done'>> {
  const checkout = channel.keepsCheckouts ? await findCheckout(deps.database.db, order) : null
  const asked = { orderId: order.order_id, reference: checkout?.reference ?? null }
  const paid = await channel.lookUpPayment?.({ ...asked, nowMs, requestId })
  if (paid && !paid.ok) return paid
  return paid?.value ? settle(deps, paid.value) : accepted('done')
}

/**
 * A platform that only lists what it told is searched for this order, in the time in which it can have been paid: all of it
 * is read by nobody but the poll, which comes within minutes anyway.
 */
async function searchList(deps: CheckDeps, channel: Channel, { order, nowMs }: Asked): Promise<Outcome<'done'>> {
  const name = `order-search:${channel.instance}`
  const waitMs = await takeTurn(deps.kv, { name, everyMs: SEARCH_EVERY_MS, nowMs })
  // By then the turn of the order itself has come again, too.
  if (waitMs > 0) return refused('too_many_requests', { retryAfterSeconds: Math.ceil(CHECK_EVERY_MS / 1000) })
  const fromMs = order.created_at_ms - LISTS_BEFORE_MS
  const untilMs = Math.min(nowMs, fromMs + SEARCHED_MAX_MS)
  let pages = 0
  for await (const page of listedPages(channel, { fromMs, untilMs, clock: deps.clock })) {
    if (!page.ok) return page
    for (const told of page.value) {
      const message = await withPayer(deps.database.db, told)
      if (message.kind !== 'payment' || !isFor(message.payment, order)) continue
      const settled = await settle(deps, message.payment)
      if (!settled.ok) return settled
    }
    pages += 1
    if (pages === SEARCHED_PAGES_MAX) break
  }
  return accepted('done')
}

function isFor({ appId, lines }: VerifiedPayment, order: Row<'orders'>): boolean {
  return appId === order.app_id && lines.some((line) => line.orderId === order.order_id)
}

/** Any refusal but a fault is what became of the order: it shows on it. */
async function settle(deps: CheckDeps, payment: VerifiedPayment): Promise<Outcome<'done'>> {
  const settled = await settleMessage(deps, payment)
  return !settled.ok && settled.refusal.code === 'settlement_failed' ? settled : accepted('done')
}
