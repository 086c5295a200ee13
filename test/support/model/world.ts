import type { Caller, Facts, Key, Someone, Told } from './steps.ts'

/** Everything that the contract knows, in memory: slow, single-threaded and easy to read. */
export interface World {
  nowMs: number
  /** Item 1 as the catalogue has it now. */
  item1: 'as seeded' | 'dearer'
  readonly players: Map<string, ModelPlayer>
  readonly orders: Map<string, ModelOrder>
  readonly payments: ModelPayment[]
  readonly invites: ModelInvite[]
  readonly inviteMessages: InviteMessage[]
  readonly keys: Map<string, KeptAnswer>
  device: Device | null
  /** How many orders `POST /orders` has made. */
  made: number
}

export interface ModelPlayer {
  readonly name: string
  coins: number
  tokens: number
  inboxCoins: number
  inboxTokens: number
  /** Who has invited them, known from their first login on. */
  readonly inviter: string | null
  levelHundredths: number
  vip: number
  hadFirstCharge: boolean
  lastGift: { readonly atMs: number; readonly streak: number } | null
  /** Recorded states of orders, each of which is one event. */
  events: number
  readonly ledger: LedgerEntry[]
}

export interface Posting {
  readonly from: string
  readonly to: string
  readonly currency: 'coins' | 'tokens'
  readonly amount: number
}

export interface LedgerEntry {
  readonly kind: string
  readonly source: string
  readonly reason: string | null
  readonly atMs: number
  readonly postings: readonly Posting[]
}

/** What an item costs and gives. */
export interface Terms {
  readonly cents: number
  readonly coins: number
  readonly base: number
  /** Per cent on a first charge, and later. */
  readonly first: number
  readonly later: number
}

export interface ModelOrder {
  readonly name: string
  readonly player: string
  readonly item: number
  readonly itemName: string | null
  readonly atMs: number
  /** What `POST /orders` promised; an order first seen elsewhere promises nothing. */
  readonly frozen: (Terms & { readonly tokensShown: number }) | null
  /** The channel that was ordered with; null for an order first seen elsewhere. */
  readonly channel: string | null
  status: string
  errorCode: string | null
  grant: Grant | null
  message: { readonly atMs: number; isClaimed: boolean } | null
  /** When the platform was last asked about it. */
  askedAtMs: number | null
  /** How often its sandbox checkout was paid. */
  purchases: number
}

export interface Grant {
  readonly cents: number
  readonly coins: number
  readonly tokens: number
  readonly isFirst: boolean
  readonly balance: { readonly coins: number; readonly tokens: number }
}

export interface ToldPayment {
  readonly instance: 'server' | 'signed' | 'sandbox'
  readonly order: string
  /** The player by name; `nobody` where there is none of that name yet. */
  readonly player: string
  readonly item: number
  readonly cents: number
  readonly currency: string
  readonly transaction: string | null
}

export interface ModelPayment {
  readonly told: ToldPayment
  transaction: string | null
  outcome: { kind: 'granted' } | { kind: 'duplicate' } | { kind: 'review'; status: number; error: string }
}

/** The reward of an invitation, due since the invited player's first grant. */
export interface ModelInvite {
  readonly invited: string
  readonly inviter: string
  readonly order: string
  state: 'due' | 'given' | 'void'
}

export interface InviteMessage {
  readonly name: string
  readonly player: string
  readonly coins: number
  readonly tokens: number
  readonly atMs: number
  isClaimed: boolean
}

export interface Device {
  player: string | null
  isEnded: boolean
  tokenEndsAtMs: number
  hasDeadToken: boolean
  /** When its refresh token was last made new. */
  readonly renewedAtMs: number
}

interface KeptAnswer {
  readonly request: string
  readonly facts: Facts
  readonly endsAtMs: number | null
}

/** A world with two players who have just logged in for the first time. */
export function newWorld(nowMs: number): World {
  const players = new Map(['p0', 'p1'].map((name) => [name, newPlayer(name, null)]))
  return {
    nowMs,
    item1: 'as seeded',
    players,
    orders: new Map(),
    payments: [],
    invites: [],
    inviteMessages: [],
    keys: new Map(),
    device: null,
    made: 0,
  }
}

export function newPlayer(name: string, inviter: string | null): ModelPlayer {
  const wallet = { coins: 0, tokens: 0, inboxCoins: 0, inboxTokens: 0 }
  const progress = { levelHundredths: 0, vip: 0, hadFirstCharge: false, lastGift: null, events: 0 }
  return { name, inviter, ...wallet, ...progress, ledger: [] }
}

/** A call that is refused; it is thrown, so that what was kept before stays and nothing after happens. */
export class Refusal extends Error {
  readonly told: Told

  constructor(told: Told) {
    super(told.error ?? '')
    this.told = told
  }
}

export function refuse(status: number, error: string, more: Omit<Told, 'status' | 'error' | 'facts'> = {}): never {
  throw new Refusal({ status, error, ...more })
}

/** Who a token stands for. */
export type Known =
  | { readonly kind: 'server' }
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'player'; readonly player: ModelPlayer }

export function whoCalls(world: World, by: Caller): Known {
  if (by === 'server') return { kind: 'server' }
  if (by !== 'device') return { kind: 'player', player: known(world, by) }
  const { device } = world
  if (device === null) refuse(401, 'unauthorized')
  if (world.nowMs >= device.tokenEndsAtMs) refuse(401, 'token_expired')
  if (device.isEnded) refuse(401, 'session_revoked')
  return device.player === null ? { kind: 'anonymous' } : { kind: 'player', player: known(world, device.player) }
}

/** The caller of a call that players make for themselves. */
export function playerCalling(world: World, by: Caller): ModelPlayer {
  const caller = whoCalls(world, by)
  if (caller.kind === 'server') refuse(403, 'wrong_scope')
  if (caller.kind === 'anonymous') refuse(401, 'login_required')
  return caller.player
}

/** The caller of a call that takes `uid`: a game server must name a player, a player can name only themselves. */
export function callerForSomeone(
  world: World,
  by: Caller,
): { readonly scope: string; named(uid: Someone | null): ModelPlayer } {
  const caller = whoCalls(world, by)
  if (caller.kind === 'anonymous') refuse(401, 'login_required')
  if (caller.kind === 'server') {
    const named = (uid: Someone | null) => (uid === null ? refuse(422, 'invalid_fields') : somebody(world, uid))
    return { scope: 'app', named }
  }
  const { player } = caller
  const named = (uid: Someone | null) =>
    uid === null || uid === player.name ? player : refuse(403, 'not_your_account')
  return { scope: player.name, named }
}

/** Refuses all but a game server. */
export function serverCalling(world: World, by: Caller): void {
  if (whoCalls(world, by).kind !== 'server') refuse(403, 'wrong_scope')
}

/** The player that a game server names. */
export function somebody(world: World, uid: Someone): ModelPlayer {
  return world.players.get(uid) ?? refuse(404, 'player_not_found')
}

function known(world: World, name: string): ModelPlayer {
  const player = world.players.get(name)
  if (!player) throw new Error(`the model has no player ${name}`)
  return player
}

/** The name of the order that a reference means now. */
export function orderMeant(world: World, ref: string): string {
  if (ref === 'rewarded') return [...world.orders.values()].findLast(({ message }) => message !== null)?.name ?? 'c'
  const nth = ref === 'newest' ? world.made - 1 : /^made-(\d+)$/.exec(ref)?.[1]
  if (nth === undefined) return ref
  return world.made === 0 ? 'c' : `made-${Number(nth) % world.made}`
}

export const KEPT_FOR_A_DAY_MS = 24 * 60 * 60 * 1000
export const KEPT_FOR_EVER = null

/**
 * Answers a changing call once for each key of a scope: the same request is answered the same, another one refused.
 * Only a success is kept, so a refusal leaves the key free.
 */
export function once(
  world: World,
  call: {
    scope: string
    key: Key | null
    request: readonly unknown[]
    keptForMs: number | null | ((facts: Facts) => number | null)
  },
  work: () => Facts,
): Facts {
  if (call.key === null) return work()
  const name = `${call.scope} ${call.key}`
  const request = JSON.stringify(call.request)
  const kept = world.keys.get(name)
  if (kept && (kept.endsAtMs === null || world.nowMs < kept.endsAtMs)) {
    return kept.request === request ? kept.facts : refuse(422, 'idempotency_mismatch')
  }
  const facts = work()
  const keptForMs = typeof call.keptForMs === 'function' ? call.keptForMs(facts) : call.keptForMs
  const endsAtMs = keptForMs === null ? null : world.nowMs + keptForMs
  world.keys.set(name, { request, facts, endsAtMs })
  return facts
}

/** Books a movement in a player's ledger; the balances follow from the postings. */
export function book(
  world: World,
  player: ModelPlayer,
  entry: { kind: string; source: string; reason?: string; postings: readonly Posting[] },
): void {
  for (const { from, to, currency, amount } of entry.postings) {
    if (from === `player:${player.name}`) player[currency] -= amount
    if (to === `player:${player.name}`) player[currency] += amount
    const waiting = currency === 'coins' ? 'inboxCoins' : 'inboxTokens'
    if (from === `inbox:${player.name}`) player[waiting] -= amount
    if (to === `inbox:${player.name}`) player[waiting] += amount
  }
  player.ledger.push({ reason: null, ...entry, atMs: world.nowMs })
}

/** More than this cannot be counted exactly; what waits in the inbox counts, so that it can always be claimed. */
export function wouldOverflow(player: ModelPlayer, more: { coins: number; tokens: number }): boolean {
  return (
    player.coins + player.inboxCoins + more.coins > Number.MAX_SAFE_INTEGER ||
    player.tokens + player.inboxTokens + more.tokens > Number.MAX_SAFE_INTEGER
  )
}

export function balanceOf({ coins, tokens }: ModelPlayer): { coins: number; tokens: number } {
  return { coins, tokens }
}
