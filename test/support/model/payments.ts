import { noteInvitation } from './invites.ts'
import type { Facts, FailureStep, Payer, PaymentStep } from './steps.ts'
import { mayBuy, packNow, tokensOf } from './store.ts'
import {
  balanceOf,
  book,
  type ModelOrder,
  type ModelPayment,
  type ModelPlayer,
  type Posting,
  refuse,
  type Terms,
  type ToldPayment,
  type World,
  whoCalls,
  wouldOverflow,
} from './world.ts'

export function answerPayment(world: World, step: PaymentStep): Facts {
  const instance = instanceOf(world, step)
  const { item, cents, currency, transaction } = step
  const player = world.players.has(step.uid) ? step.uid : 'nobody'
  const order = step.order
  return settlePayment(world, { instance, order, player, item, cents, currency, transaction })
}

export function answerFailure(world: World, step: FailureStep): Facts {
  instanceOf(world, step)
  return recordFailure(world, step)
}

/** Who may tell of a payment: a signature, or any token, but a player's own only for that player. */
function instanceOf(world: World, { by, uid }: { by: Payer; uid: string }): 'server' | 'signed' {
  if (by === 'forged') refuse(401, 'invalid_signature')
  if (by === 'signed') return 'signed'
  const caller = whoCalls(world, by)
  if (caller.kind === 'player' && caller.player.name !== uid) refuse(403, 'not_your_account')
  return 'server'
}

/** Exactly one grant for each paid order; a payment that cannot be granted waits for a person. */
export function settlePayment(world: World, told: ToldPayment): Facts {
  const known = findPayment(world, told)
  if (known) {
    if (!sameFacts(known.told, told)) refuse(409, 'order_conflict')
    if (known.outcome.kind === 'review') refuse(known.outcome.status, known.outcome.error)
    return grantOf(world, told.order, { replayed: true })
  }
  const outcome = judge(world, told)
  world.payments.push({ told, transaction: told.transaction, outcome })
  if (outcome.kind === 'review') refuse(outcome.status, outcome.error)
  return grantOf(world, told.order, { replayed: outcome.kind === 'duplicate' })
}

/** By its transaction id; else by its facts, where the ids do not speak against it. The sandbox always tells an id. */
function findPayment(world: World, told: ToldPayment): ModelPayment | undefined {
  const ofInstance = world.payments.filter((payment) => payment.told.instance === told.instance)
  const byTransaction = ofInstance.find(
    (payment) => told.transaction !== null && payment.transaction === told.transaction,
  )
  if (byTransaction || told.instance === 'sandbox') return byTransaction
  const byFacts = ofInstance.find((payment) => sameFacts(payment.told, told))
  if (!byFacts || told.transaction === null) return byFacts
  if (byFacts.transaction !== null) return undefined
  byFacts.transaction = told.transaction
  return byFacts
}

function judge(world: World, told: ToldPayment): ModelPayment['outcome'] {
  const player = world.players.get(told.player)
  if (!player) return review(404, 'player_not_found')
  const order = world.orders.get(told.order)
  if (order && (order.player !== told.player || order.item !== told.item)) return review(409, 'order_conflict')
  if (order?.grant) {
    const same = order.grant.cents === told.cents && told.currency === 'USD'
    return same ? { kind: 'duplicate' } : review(409, 'order_conflict')
  }
  // What was frozen is neither priced nor checked again.
  const item = order?.frozen ?? packNow(world, told.item)
  if (!item) return reviewOrder(world, told, review(404, 'item_not_found'))
  if ('premium' in item && !mayBuy(player, item)) return reviewOrder(world, told, review(403, 'item_locked'))
  if (told.currency !== 'USD' || told.cents !== item.cents) {
    return reviewOrder(world, told, review(409, 'price_mismatch'))
  }
  const isFirst = !player.hadFirstCharge
  const tokens = tokensOf(item, { isFirst })
  if (wouldOverflow(player, { coins: item.coins, tokens })) {
    return reviewOrder(world, told, review(422, 'balance_overflow'))
  }
  grant(world, order ?? firstSeen(world, told), { player, item })
  return { kind: 'granted' }
}

type Review = Extract<ModelPayment['outcome'], { kind: 'review' }>

function review(status: number, error: string): Review {
  return { kind: 'review', status, error }
}

function reviewOrder(world: World, told: ToldPayment, outcome: Review): Review {
  const order = world.orders.get(told.order) ?? firstSeen(world, told)
  if (order.status !== 'review') {
    order.errorCode = outcome.error
    changeState(world, order, 'review')
  }
  return outcome
}

function grant(world: World, order: ModelOrder, { player, item }: { player: ModelPlayer; item: Terms }): void {
  const isFirst = !player.hadFirstCharge
  const tokens = tokensOf(item, { isFirst })
  const inbox = { to: `inbox:${player.name}`, currency: 'tokens' as const }
  const postings: Posting[] = [
    { from: 'sales', to: `player:${player.name}`, currency: 'coins', amount: item.coins },
    { from: 'sales', ...inbox, amount: item.base },
    { from: 'bonus', ...inbox, amount: tokens - item.base },
  ]
  const moved = postings.filter(({ amount }) => amount > 0)
  book(world, player, { kind: 'order_grant', source: order.name, postings: moved })
  if (isFirst) noteInvitation(world, player, order)
  player.hadFirstCharge = true
  order.errorCode = null
  order.grant = { cents: item.cents, coins: item.coins, tokens, isFirst, balance: balanceOf(player) }
  order.message = { atMs: world.nowMs, isClaimed: false }
  changeState(world, order, 'completed')
}

/** An order that nobody had ordered here: it is named by whoever told of it. */
function firstSeen(
  world: World,
  { order: name, player, item }: { order: string; player: string; item: number },
): ModelOrder {
  const made: ModelOrder = {
    ...{ name, player, item, atMs: world.nowMs },
    itemName: packNow(world, item)?.name ?? null,
    ...{ frozen: null, channel: null, status: 'new', errorCode: null, grant: null, message: null },
    ...{ askedAtMs: null, purchases: 0 },
  }
  world.orders.set(name, made)
  return made
}

/** Each recorded state of an order, its creation too, is one event of its player. */
export function changeState(world: World, order: ModelOrder, status: string): void {
  order.status = status
  const player = world.players.get(order.player)
  if (player) player.events += 1
}

function grantOf(world: World, name: string, { replayed }: { replayed: boolean }): Facts {
  const order = world.orders.get(name)
  if (!order?.grant) throw new Error(`the model answers a grant of ${name}, which has none`)
  const { coins, tokens, isFirst, balance } = order.grant
  return {
    order_id: name,
    order_status: order.status,
    coins_granted: coins,
    tokens_granted: tokens,
    is_first_charge: isFirst,
    replayed,
    balance,
  }
}

/** Records a failure. It makes a pending order failed or cancelled, or a new one; it undoes nothing. */
export function recordFailure(world: World, told: { order: string; uid: string; item: number; code: string }): Facts {
  if (!world.players.has(told.uid)) refuse(404, 'player_not_found')
  const known = world.orders.get(told.order)
  if (known && (known.player !== told.uid || known.item !== told.item)) refuse(409, 'order_conflict')
  if (!known && !packNow(world, told.item)) refuse(404, 'item_not_found')
  const order = known ?? firstSeen(world, { ...told, player: told.uid })
  if (order.status === 'new' || order.status === 'pending') {
    order.errorCode = told.code
    changeState(world, order, told.code === 'PAYMENT_CANCELLED' ? 'cancelled' : 'failed')
  }
  return { order_id: order.name, order_status: order.status, error_code: order.errorCode }
}

function sameFacts(a: ToldPayment, b: ToldPayment): boolean {
  const facts = ({ order, player, item, cents, currency }: ToldPayment) => [order, player, item, cents, currency]
  return JSON.stringify(facts(a)) === JSON.stringify(facts(b))
}
