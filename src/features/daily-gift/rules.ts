import type { Row } from '../../db/schema.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { dateAfter, firstMomentAfter, isTimeZone, type LocalDate, localDate } from '../../kernel/local-date.ts'
import { GAME_CURRENCIES } from '../../kernel/money.ts'
import type { DailyGift } from '../store/index.ts'
import { type Posting, playerAccount } from '../wallet/index.ts'

/** Days of a round; after the last comes the first again, while the streak goes on counting. */
export const ROUND_DAYS = 7

// Twenty hours let a daily player come a little earlier each day, and keep midnight from giving two gifts in a row.
const BETWEEN_GIFTS_MS = 20 * 60 * 60 * 1000

/** A player's last gift: what the next one depends on. */
export interface LastGift {
  /** Days in a row, this gift's included. */
  readonly streak: number
  readonly date: LocalDate
  /** The time zone that the date is of. */
  readonly timeZone: string
  readonly atMs: number
}

/** A moment, where the player's app turns its day. */
export interface Moment {
  readonly nowMs: number
  readonly timeZone: string
}

/**
 * `claimed` in this round; `today`: can be claimed now; `next`: can be claimed at the calendar's `nextAtMs`; `later`.
 */
export type DayState = 'claimed' | 'today' | 'next' | 'later'
export const DAY_STATES: readonly DayState[] = ['claimed', 'today', 'next', 'later']

/** The seven days as a player sees them at a moment. */
export interface Calendar {
  readonly canClaim: boolean
  /** Days in a row so far; 0 before the first gift and after a missed day. */
  readonly streak: number
  /** The day of the round that the next claim gives. */
  readonly day: number
  readonly gift: DailyGift
  /** When the next claim can be made: now, or later. */
  readonly nextAtMs: number
  readonly localDate: LocalDate
  readonly timeZone: string
  readonly days: readonly { readonly day: number; readonly gift: DailyGift; readonly state: DayState }[]
}

/** What a player's row says of the last gift, or null before the first. */
export function lastGiftOf(
  player: Pick<Row<'users'>, 'gift_streak' | 'gift_date' | 'gift_zone' | 'gift_at_ms'>,
): LastGift | null {
  const { gift_streak: streak, gift_date: date, gift_zone: timeZone, gift_at_ms: atMs } = player
  if (date === null) return null
  invariant(streak >= 1 && timeZone !== null && atMs !== null, 'a gift has a streak, a date, its zone and its time')
  return { streak, date, timeZone, atMs }
}

/** A later date than the last gift's, and twenty hours since: a clock that goes back never gives a second one. */
export function canClaim(last: LastGift | null, { nowMs, timeZone }: Moment): boolean {
  if (last === null) return true
  return nowMs - last.atMs >= BETWEEN_GIFTS_MS && localDate(nowMs, timeZone) > last.date
}

/** The first moment from now on at which a claim can be made; now itself, when it can. */
export function nextClaimAtMs(last: LastGift | null, { nowMs, timeZone }: Moment): number {
  if (last === null) return nowMs
  return firstMomentAfter(last.date, { timeZone, notBeforeMs: Math.max(nowMs, last.atMs + BETWEEN_GIFTS_MS) })
}

/** The streak that a claim at this moment makes. */
export function nextStreak(last: LastGift | null, at: Moment): number {
  return last !== null && isInARow(last, at) ? last.streak + 1 : 1
}

/**
 * No day was missed, as the app turns its day now or as it did at the last gift: a studio that moves to another zone
 * does not cost its players their streak.
 */
function isInARow(last: LastGift, { nowMs, timeZone }: Moment): boolean {
  const holdsIn = (zone: string): boolean => localDate(nowMs, zone) <= dateAfter(last.date, zone)
  // A zone that another machine wrote may be too new for this one.
  return holdsIn(timeZone) || (last.timeZone !== timeZone && isTimeZone(last.timeZone) && holdsIn(last.timeZone))
}

/** The day of the round, 1 to 7, that a streak has come to. */
export function dayOf(streak: number): number {
  invariant(Number.isSafeInteger(streak) && streak >= 1, `a streak counts from one, not ${streak}`)
  return ((streak - 1) % ROUND_DAYS) + 1
}

/** What a day of the round gives. Whoever edits the catalogue is held to seven days that each give something. */
export function giftOfDay(gifts: readonly DailyGift[], day: number): DailyGift {
  const gift = gifts[day - 1]
  invariant(gifts.length === ROUND_DAYS && gift, `the catalogue has seven days of gifts, not ${gifts.length}`)
  invariant(gift.coins > 0 || gift.tokens > 0, `day ${day} of the daily gift gives something`)
  return gift
}

/** The seven days as they stand for a player at a moment. */
export function calendarOf(
  last: LastGift | null,
  { gifts, ...at }: Moment & { gifts: readonly DailyGift[] },
): Calendar {
  const isClaimable = canClaim(last, at)
  const nextAtMs = nextClaimAtMs(last, at)
  const streakThen = nextStreak(last, { ...at, nowMs: nextAtMs })
  const day = dayOf(streakThen)
  // On the evening of the seventh day the whole round stands claimed; the new one begins when it can.
  const isRoundDone = !isClaimable && streakThen > 1 && day === 1
  const stateOf = (one: number): DayState => {
    if (isRoundDone || one < day) return 'claimed'
    if (one > day) return 'later'
    return isClaimable ? 'today' : 'next'
  }
  return {
    canClaim: isClaimable,
    streak: streakThen - 1,
    day,
    gift: giftOfDay(gifts, day),
    nextAtMs,
    localDate: localDate(at.nowMs, at.timeZone),
    timeZone: at.timeZone,
    days: Array.from({ length: ROUND_DAYS }, (_, index) => {
      const one = index + 1
      return { day: one, gift: giftOfDay(gifts, one), state: stateOf(one) }
    }),
  }
}

/** The movement of a gift into the wallet, tokens too. */
export function giftPostings(playerId: PlayerId, gift: DailyGift): Posting[] {
  return GAME_CURRENCIES.map((currency) => ({
    from: 'daily_gift' as const,
    to: playerAccount(playerId),
    currency,
    amount: gift[currency],
  })).filter(({ amount }) => amount > 0)
}
