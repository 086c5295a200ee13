import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { PlayerId } from '../../kernel/ids.ts'
import { dateAfter, localDate, midnightAfter } from '../../kernel/local-date.ts'
import {
  calendarOf,
  canClaim,
  dayOf,
  giftOfDay,
  giftPostings,
  type LastGift,
  lastGiftOf,
  type Moment,
  nextClaimAtMs,
  nextStreak,
} from './rules.ts'

const HOUR_MS = 60 * 60 * 1000
const PLAYER = 10001 as PlayerId
const GIFTS = [100, 200, 300, 400, 500, 800, 2000].map((coins, index) => ({ coins, tokens: index === 6 ? 5 : 0 }))

const moment = (iso: string, timeZone = 'UTC'): Moment => ({ nowMs: Date.parse(iso), timeZone })
/** The gift that a claim at this moment makes the last one. */
const claimed = (last: LastGift | null, { nowMs, timeZone }: Moment): LastGift => ({
  streak: nextStreak(last, { nowMs, timeZone }),
  date: localDate(nowMs, timeZone),
  timeZone,
  atMs: nowMs,
})
const nextAt = (last: LastGift, at: Moment) => new Date(nextClaimAtMs(last, at)).toISOString()

describe('a gift can be claimed', () => {
  test('by who never had one', () => {
    const now = moment('2026-11-01T09:30:00Z')
    assert.equal(canClaim(null, now), true)
    assert.equal(nextClaimAtMs(null, now), now.nowMs)
  })

  test('from the next midnight on, when twenty hours have passed by then', () => {
    const last = claimed(null, moment('2026-11-01T02:00:00Z'))
    assert.equal(canClaim(last, moment('2026-11-01T23:59:59.999Z')), false)
    assert.equal(canClaim(last, moment('2026-11-02T00:00:00Z')), true)
    assert.equal(nextAt(last, moment('2026-11-01T02:00:00Z')), '2026-11-02T00:00:00.000Z')
  })

  test('twenty hours after the last one to the millisecond, when midnight comes sooner', () => {
    const last = claimed(null, moment('2026-11-01T23:59:00Z'))
    assert.equal(canClaim(last, moment('2026-11-02T19:58:59.999Z')), false)
    assert.equal(canClaim(last, moment('2026-11-02T19:59:00Z')), true)
    assert.equal(nextAt(last, moment('2026-11-02T00:00:00Z')), '2026-11-02T19:59:00.000Z')
    assert.equal(nextAt(last, moment('2026-11-05T12:00:00Z')), '2026-11-05T12:00:00.000Z')
  })

  test('never again by a clock that went back', () => {
    const last = claimed(null, moment('2026-11-10T12:00:00Z'))
    for (const back of ['2026-11-10T11:59:59Z', '2026-11-09T12:00:00Z', '2020-01-01T00:00:00Z']) {
      assert.equal(canClaim(last, moment(back)), false, back)
      assert.equal(nextAt(last, moment(back)), '2026-11-11T08:00:00.000Z')
    }
  })

  test('not twice for one date by a zone to the west, however long ago the last one was', () => {
    const last = claimed(null, moment('2026-11-01T11:00:00Z', 'Pacific/Kiritimati'))
    assert.equal(last.date, '2026-11-02')
    const later = moment('2026-11-03T10:59:00Z', 'Pacific/Pago_Pago')
    assert.equal(localDate(later.nowMs, later.timeZone), '2026-11-02')
    assert.equal(canClaim(last, later), false)
    assert.equal(nextAt(last, later), '2026-11-03T11:00:00.000Z')
  })

  test('again only at the second midnight, once the clocks are back on the date of the last', () => {
    const last: LastGift = {
      ...{ streak: 1, date: '2006-10-28', timeZone: 'America/St_Johns' },
      atMs: Date.parse('2006-10-28T04:00:00Z'),
    }
    const afterTheFirst = moment('2006-10-29T02:31:00Z', 'America/St_Johns')
    assert.equal(canClaim(last, { ...afterTheFirst, nowMs: afterTheFirst.nowMs - 1 }), true)
    assert.equal(canClaim(last, afterTheFirst), false)
    assert.equal(nextAt(last, afterTheFirst), '2006-10-29T03:30:00.000Z')
  })
})

describe('the streak', () => {
  test('goes on until the end of the next date, then starts again at one', () => {
    const last = { ...claimed(null, moment('2026-11-01T09:00:00Z')), streak: 6 }
    assert.equal(nextStreak(last, moment('2026-11-02T23:59:59.999Z')), 7)
    assert.equal(nextStreak(last, moment('2026-11-03T00:00:00Z')), 1)
    assert.equal(nextStreak(null, moment('2026-11-03T00:00:00Z')), 1)
  })

  test('lives over a date that the zone skipped', () => {
    const last = claimed(null, moment('2011-12-29T22:00:00Z', 'Pacific/Apia'))
    assert.equal(last.date, '2011-12-29')
    assert.equal(nextStreak(last, moment('2011-12-30T20:00:00Z', 'Pacific/Apia')), 2)
    assert.equal(nextStreak(last, moment('2011-12-31T10:00:00Z', 'Pacific/Apia')), 1)
  })

  test('is judged in the zone of the last gift too, so that a change of zone costs nobody', () => {
    const last = claimed(null, moment('2026-11-02T10:00:00Z', 'Pacific/Pago_Pago'))
    const dayLater = '2026-11-03T09:00:00Z'
    assert.equal(localDate(Date.parse(dayLater), 'Pacific/Kiritimati'), '2026-11-03')
    assert.equal(nextStreak(last, moment(dayLater, 'Pacific/Kiritimati')), 2)
    assert.equal(nextStreak(last, moment('2026-11-03T10:30:00Z', 'Pacific/Kiritimati')), 2)
    assert.equal(nextStreak(last, moment('2026-11-03T11:00:00Z', 'Pacific/Kiritimati')), 1)
  })

  test('is judged in the present zone alone where the last one is not known here', () => {
    const last = { ...claimed(null, moment('2026-11-01T09:00:00Z')), timeZone: 'Mars/Olympus' }
    assert.equal(nextStreak(last, moment('2026-11-02T09:00:00Z')), 2)
    assert.equal(nextStreak(last, moment('2026-11-03T09:00:00Z')), 1)
  })

  test('of 1 to 7 is its day, then comes day 1 again', () => {
    assert.deepEqual([1, 2, 6, 7, 8, 14, 15, 700].map(dayOf), [1, 2, 6, 7, 1, 7, 1, 7])
    for (const none of [0, -1, 1.5]) assert.throws(() => dayOf(none), /counts from one/)
  })
})

describe('the calendar', () => {
  const stateOf = (last: LastGift | null, at: Moment) => {
    const { streak, day, canClaim: can, gift, days } = calendarOf(last, { ...at, gifts: GIFTS })
    return [streak, day, can, gift.coins, days.map(({ state }) => state[0]).join('')]
  }

  test('shows what was claimed in this round, what can be claimed, and what comes', () => {
    let last: LastGift | null = null
    const seen: unknown[] = []
    for (let n = 1; n <= 8; n++) {
      const now = moment(`2026-11-0${n}T09:30:00Z`)
      seen.push(stateOf(last, now))
      last = claimed(last, now)
      seen.push(stateOf(last, now))
    }
    assert.deepEqual(seen, [
      [0, 1, true, 100, 'tllllll'],
      [1, 2, false, 200, 'cnlllll'],
      [1, 2, true, 200, 'ctlllll'],
      [2, 3, false, 300, 'ccnllll'],
      [2, 3, true, 300, 'cctllll'],
      [3, 4, false, 400, 'cccnlll'],
      [3, 4, true, 400, 'ccctlll'],
      [4, 5, false, 500, 'ccccnll'],
      [4, 5, true, 500, 'cccctll'],
      [5, 6, false, 800, 'cccccnl'],
      [5, 6, true, 800, 'ccccctl'],
      [6, 7, false, 2000, 'ccccccn'],
      [6, 7, true, 2000, 'cccccct'],
      [7, 1, false, 100, 'ccccccc'],
      [7, 1, true, 100, 'tllllll'],
      [8, 2, false, 200, 'cnlllll'],
    ])
    assert.deepEqual(stateOf(last, moment('2026-11-10T09:30:00Z')), [0, 1, true, 100, 'tllllll'])
  })

  test('tells the date and the zone, and each day with its gift', () => {
    const calendar = calendarOf(null, { ...moment('2026-11-01T16:00:00Z', 'Asia/Shanghai'), gifts: GIFTS })
    assert.deepEqual([calendar.localDate, calendar.timeZone], ['2026-11-02', 'Asia/Shanghai'])
    assert.deepEqual(
      calendar.days.map(({ day, gift }) => [day, gift]),
      GIFTS.map((gift, index) => [index + 1, gift]),
    )
  })

  test('of a catalogue with fewer days, more of them or an empty one is never given from', () => {
    assert.deepEqual(giftOfDay(GIFTS, 7), { coins: 2000, tokens: 5 })
    for (const gifts of [[], GIFTS.slice(1), [...GIFTS, ...GIFTS]]) {
      assert.throws(() => giftOfDay(gifts, 1), /seven days/)
    }
    assert.throws(() => giftOfDay(GIFTS.with(2, { coins: 0, tokens: 0 }), 3), /day 3 .* gives something/)
  })
})

describe('a gift', () => {
  test('moves from the gifts to the wallet, its tokens too', () => {
    const between = { from: 'daily_gift', to: 'player:10001' }
    const coins = { ...between, currency: 'coins', amount: 2000 }
    assert.deepEqual(giftPostings(PLAYER, { coins: 2000, tokens: 5 }), [
      coins,
      { ...between, currency: 'tokens', amount: 5 },
    ])
    assert.deepEqual(giftPostings(PLAYER, { coins: 2000, tokens: 0 }), [coins])
  })

  test('is read from the row of its player, whole or not at all', () => {
    const none = { gift_streak: 0, gift_date: null, gift_zone: null, gift_at_ms: null }
    assert.equal(lastGiftOf(none), null)
    const row = { gift_streak: 3, gift_date: '2026-11-01', gift_zone: 'UTC', gift_at_ms: 5 }
    assert.deepEqual(lastGiftOf(row), { streak: 3, date: '2026-11-01', timeZone: 'UTC', atMs: 5 })
    for (const broken of [{ gift_streak: 0 }, { gift_zone: null }, { gift_at_ms: null }]) {
      assert.throws(() => lastGiftOf({ ...row, ...broken }), /has a streak/)
    }
  })
})

const anyZone = fc.constantFrom(
  ...['UTC', 'Asia/Shanghai', 'America/New_York', 'America/Sao_Paulo', 'Africa/Cairo', 'Asia/Kolkata'],
  ...['Pacific/Apia', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe', 'America/St_Johns'],
)
const anyStart = fc.integer({ min: Date.UTC(2006, 0, 1), max: Date.UTC(2030, 0, 1) })

test('however the clock and the zone jump, gifts are of ever later dates and twenty hours apart', () => {
  const visits = fc.array(fc.record({ hours: fc.double({ min: -30, max: 60, noNaN: true }), timeZone: anyZone }), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(anyStart, visits, (startMs, all) => {
      let nowMs = startMs
      let last = null as LastGift | null
      for (const { hours, timeZone } of all) {
        nowMs += Math.round(hours * HOUR_MS)
        const now = { nowMs, timeZone }
        const nextMs = nextClaimAtMs(last, now)
        assert.equal(canClaim(last, now), nextMs === nowMs)
        assert.equal(canClaim(last, { nowMs: nextMs, timeZone }), true)
        for (let ms = nextMs - 1; ms > nowMs; ms -= HOUR_MS)
          assert.equal(canClaim(last, { nowMs: ms, timeZone }), false)
        if (nextMs !== nowMs) continue
        const gift: LastGift = claimed(last, now)
        if (last) {
          assert.ok(gift.date > last.date && gift.atMs - last.atMs >= 20 * HOUR_MS)
          assert.ok(gift.streak === 1 || gift.streak === last.streak + 1)
        }
        last = gift
      }
    }),
    { numRuns: 300 },
  )
})

test('who comes as soon as a gift waits has one of every date, in any zone and over any change of it', () => {
  fc.assert(
    fc.property(anyStart, fc.array(anyZone, { minLength: 2, maxLength: 12 }), (startMs, zones) => {
      let last = null as LastGift | null
      let nowMs = startMs
      for (const [index, timeZone] of zones.entries()) {
        nowMs = nextClaimAtMs(last, { nowMs, timeZone })
        const gift: LastGift = claimed(last, { nowMs, timeZone })
        assert.equal(gift.streak, index + 1)
        if (last?.timeZone === timeZone) assert.equal(gift.date, dateAfter(last.date, timeZone))
        last = gift
      }
    }),
    { numRuns: 500 },
  )
})

test('who comes after the end of the next date starts again, in every zone', () => {
  fc.assert(
    fc.property(anyStart, anyZone, (startMs, timeZone) => {
      const last = { ...claimed(null, { nowMs: startMs, timeZone }), streak: 5 }
      const missedMs = midnightAfter(dateAfter(last.date, timeZone), timeZone)
      assert.equal(nextStreak(last, { nowMs: missedMs, timeZone }), 1)
      assert.equal(nextStreak(last, { nowMs: missedMs - 1, timeZone }), 6)
    }),
    { numRuns: 500 },
  )
})
