import { type Static, Type } from 'typebox'
import { namedPlayer } from '../../http/auth.ts'
import { UidField } from '../../http/fields.ts'
import { defineRoute } from '../../http/route.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'
import { GAME_CURRENCIES } from '../../kernel/money.ts'
import { accepted } from '../../kernel/outcome.ts'
import type { DailyGift } from '../store/index.ts'
import { type ClaimedGift, claimDailyGift } from './claim-daily-gift.ts'
import { type DailyGiftDeps, readCalendar } from './read-calendar.ts'
import { type Calendar, DAY_STATES, type DayState, ROUND_DAYS } from './rules.ts'

const dayField = (description: string) => Type.Integer({ minimum: 1, maximum: ROUND_DAYS, description })
const flag = (description: string) => Type.Integer({ enum: [0, 1], description })

const CalendarAnswer = Type.Object({
  daily_gift: flag("1: today's gift can be claimed now"),
  streak: Type.Integer({
    minimum: 0,
    description: 'Days in a row so far; it counts on past 7, and is 0 before the first gift and after a missed day',
  }),
  day: dayField('The day of the calendar that the next claim gives'),
  days: Type.Array(
    Type.Object({
      day: dayField('1 to 7'),
      coins: Type.Integer(),
      tokens: Type.Integer(),
      state: Type.Unsafe<DayState>({
        type: 'string',
        enum: [...DAY_STATES],
        description:
          '`claimed` in this round; `today`: can be claimed now; `next`: can be claimed at `next_at`; `later`. After ' +
          'day 7 all are `claimed` until day 1 of the next round can be claimed',
      }),
    }),
    { description: 'The seven days of the calendar, day 1 first' },
  ),
  next_at: Type.String({
    description: 'The first moment at which a gift can be claimed, ISO 8601, UTC: now, when `daily_gift` is 1',
  }),
  time_zone: Type.String({ description: "Where the day turns at 00:00: the app's time zone, by its IANA name" }),
  local_date: Type.String({ description: "Today's date there, `YYYY-MM-DD`" }),
  msg: Type.String(),
})

const ClaimAnswer = Type.Object({
  day: dayField('The day of the calendar that this gift is of'),
  streak: Type.Integer({ minimum: 1, description: 'Days in a row, this one included; it counts on past 7' }),
  coins: Type.Integer({ description: 'What this gift gave' }),
  tokens: Type.Integer({ description: 'What this gift gave' }),
  balance: Type.Object({ coins: Type.Integer(), tokens: Type.Integer() }, { description: 'The wallet after it' }),
  daily_gift: flag('0: nothing more to claim today'),
  next_at: Type.String({ description: 'The first moment at which a gift can be claimed again, ISO 8601, UTC' }),
  msg: Type.String(),
})

const CALENDAR_EXAMPLE: Static<typeof CalendarAnswer> = {
  daily_gift: 1,
  streak: 2,
  day: 3,
  days: [
    { day: 1, coins: 100, tokens: 0, state: 'claimed' },
    { day: 2, coins: 200, tokens: 0, state: 'claimed' },
    { day: 3, coins: 300, tokens: 0, state: 'today' },
    { day: 4, coins: 400, tokens: 0, state: 'later' },
    { day: 5, coins: 500, tokens: 0, state: 'later' },
    { day: 6, coins: 800, tokens: 0, state: 'later' },
    { day: 7, coins: 2000, tokens: 5, state: 'later' },
  ],
  next_at: '2026-11-03T09:30:00.000Z',
  time_zone: 'UTC',
  local_date: '2026-11-03',
  msg: "Today's gift: 300 coins.",
}

const CLAIM_EXAMPLE: Static<typeof ClaimAnswer> = {
  day: 3,
  streak: 3,
  coins: 300,
  tokens: 0,
  balance: { coins: 600, tokens: 0 },
  daily_gift: 0,
  next_at: '2026-11-04T05:30:00.000Z',
  msg: 'Day 3: 300 coins.',
}

const WORDS = {
  en: { coins: 'coins', tokens: 'tokens', and: ', ' },
  zh: { coins: '金币', tokens: '第三货币', and: '，' },
} as const satisfies Record<Language, object>

function giftWords(gift: DailyGift, language: Language): string {
  const words = WORDS[language]
  const given = GAME_CURRENCIES.filter((currency) => gift[currency] > 0)
  return given.map((currency) => `${gift[currency]} ${words[currency]}`).join(words.and)
}

function calendarAnswer(calendar: Calendar, language: Language): Static<typeof CalendarAnswer> {
  const words = giftWords(calendar.gift, language)
  const msg = calendar.canClaim
    ? { en: `Today's gift: ${words}.`, zh: `今日礼物：${words}。` }
    : { en: `The next gift: ${words}.`, zh: `下一份礼物：${words}。` }
  return {
    daily_gift: calendar.canClaim ? 1 : 0,
    streak: calendar.streak,
    day: calendar.day,
    days: calendar.days.map(({ day, gift, state }) => ({ day, coins: gift.coins, tokens: gift.tokens, state })),
    next_at: isoTime(calendar.nextAtMs),
    time_zone: calendar.timeZone,
    local_date: calendar.localDate,
    msg: msg[language],
  }
}

function claimAnswer({ day, streak, gift, balance, nextAtMs }: ClaimedGift, language: Language) {
  const words = giftWords(gift, language)
  return {
    day,
    streak,
    coins: gift.coins,
    tokens: gift.tokens,
    balance,
    daily_gift: 0,
    next_at: isoTime(nextAtMs),
    msg: language === 'zh' ? `第 ${day} 天：${words}。` : `Day ${day}: ${words}.`,
  } satisfies Static<typeof ClaimAnswer>
}

/** The calls about the daily gift. */
export function dailyGiftRoutes(deps: DailyGiftDeps) {
  return {
    readCalendar: defineRoute({
      summary: "The daily gift's calendar",
      description:
        'Seven days, each with what it gives and how it stands: all that a client needs to draw them. A missed day ' +
        'starts again at day 1; after day 7 comes day 1, while the streak goes on counting.',
      tag: 'Daily gift',
      access: 'player',
      answer: CalendarAnswer,
      errors: ['player_not_found'],
      examples: { answer: CALENDAR_EXAMPLE },
      handle: async ({ caller, language }) => {
        const calendar = await readCalendar(deps, caller)
        return calendar.ok ? accepted(calendarAnswer(calendar.value, language)) : calendar
      },
    }),

    claim: defineRoute({
      summary: "Claim today's gift",
      description:
        "Credits coins and tokens to the wallet at once. One a date of the app's time zone, and never two within 20 " +
        'hours: the second is 409 `already_claimed` with `err_code` 999.',
      tag: 'Daily gift',
      access: 'player_or_server',
      body: Type.Object({ uid: Type.Optional(UidField) }),
      answer: ClaimAnswer,
      errors: ['already_claimed', 'balance_overflow', 'player_not_found'],
      examples: { body: {}, answer: CLAIM_EXAMPLE },
      idempotencyKey: 'header',
      handle: async ({ caller, body, language, idempotencyKey }) => {
        const playerId = namedPlayer(caller, body.uid)
        if (!playerId.ok) return playerId
        return claimDailyGift(deps, {
          appId: caller.appId,
          playerId: playerId.value,
          reply: { key: idempotencyKey, tell: (claimed) => claimAnswer(claimed, language) },
        })
      },
    }),
  }
}
