import type { Facts, StepOf } from './steps.ts'
import {
  balanceOf,
  book,
  callerForSomeone,
  KEPT_FOR_EVER,
  type ModelPlayer,
  once,
  playerCalling,
  refuse,
  type World,
  wouldOverflow,
} from './world.ts'

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS

const GIFTS = [
  { coins: 100, tokens: 0 },
  { coins: 200, tokens: 0 },
  { coins: 300, tokens: 0 },
  { coins: 400, tokens: 0 },
  { coins: 500, tokens: 0 },
  { coins: 800, tokens: 0 },
  { coins: 2000, tokens: 5 },
]

/** The app lives in UTC: a day of its own is a day since 1970. */
const dayNumber = (ms: number) => Math.floor(ms / DAY_MS)
const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

/** One a local date, and never two within twenty hours. */
export function mayClaimGift({ lastGift }: ModelPlayer, nowMs: number): boolean {
  if (lastGift === null) return true
  return nowMs >= lastGift.atMs + 20 * HOUR_MS && dayNumber(nowMs) > dayNumber(lastGift.atMs)
}

/** The first moment at which a gift can be claimed. */
export function nextGiftAtMs({ lastGift }: ModelPlayer, nowMs: number): number {
  if (lastGift === null) return nowMs
  return Math.max(nowMs, lastGift.atMs + 20 * HOUR_MS, (dayNumber(lastGift.atMs) + 1) * DAY_MS)
}

/** Days in a row before a claim at this moment: a missed day starts again. */
function streakBefore({ lastGift }: ModelPlayer, atMs: number): number {
  return lastGift !== null && dayNumber(atMs) <= dayNumber(lastGift.atMs) + 1 ? lastGift.streak : 0
}

export function answerCalendar(world: World, step: StepOf<'calendar'>): Facts {
  const player = playerCalling(world, step.by)
  const isClaimable = mayClaimGift(player, world.nowMs)
  const nextAtMs = nextGiftAtMs(player, world.nowMs)
  const streak = streakBefore(player, nextAtMs)
  const day = (streak % 7) + 1
  const isRoundDone = !isClaimable && streak > 0 && day === 1
  const stateOf = (one: number) => {
    if (isRoundDone || one < day) return 'claimed'
    if (one > day) return 'later'
    return isClaimable ? 'today' : 'next'
  }
  return {
    daily_gift: isClaimable ? 1 : 0,
    streak,
    day,
    days: GIFTS.map((gift, index) => ({ day: index + 1, ...gift, state: stateOf(index + 1) })),
    next_at: new Date(nextAtMs).toISOString(),
    time_zone: 'UTC',
    local_date: dateOf(world.nowMs),
  }
}

export function answerGift(world: World, step: StepOf<'gift'>): Facts {
  const { scope, named } = callerForSomeone(world, step.by)
  if (scope === 'app' && step.uid === null) refuse(422, 'invalid_fields')
  if (scope !== 'app') named(step.uid)
  const call = { scope, key: step.key, request: ['gift', step.uid], keptForMs: KEPT_FOR_EVER }
  return once(world, call, () => claimGift(world, named(step.uid)))
}

function claimGift(world: World, player: ModelPlayer): Facts {
  if (!mayClaimGift(player, world.nowMs)) refuse(409, 'already_claimed', { errCode: 999 })
  const streak = streakBefore(player, world.nowMs) + 1
  const day = ((streak - 1) % 7) + 1
  const gift = GIFTS[day - 1] ?? { coins: 0, tokens: 0 }
  if (wouldOverflow(player, gift)) refuse(422, 'balance_overflow')
  const postings = (['coins', 'tokens'] as const)
    .filter((currency) => gift[currency] > 0)
    .map((currency) => ({ from: 'daily_gift', to: `player:${player.name}`, currency, amount: gift[currency] }))
  book(world, player, { kind: 'daily_gift', source: `${player.name}:${dateOf(world.nowMs)}`, postings })
  player.lastGift = { atMs: world.nowMs, streak }
  return {
    day,
    streak,
    ...gift,
    balance: balanceOf(player),
    daily_gift: 0,
    next_at: new Date(nextGiftAtMs(player, world.nowMs)).toISOString(),
  }
}
