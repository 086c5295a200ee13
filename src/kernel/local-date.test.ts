import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { dateAfter, firstMomentAfter, isTimeZone, localDate, midnightAfter } from './local-date.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

const at = (iso: string) => Date.parse(iso)

describe('the date in a time zone', () => {
  test('turns at its own midnight, to the millisecond', () => {
    for (const [zone, midnight, before, after] of [
      ['UTC', '2026-11-02T00:00:00.000Z', '2026-11-01', '2026-11-02'],
      ['Asia/Shanghai', '2026-10-31T16:00:00.000Z', '2026-10-31', '2026-11-01'],
      ['America/New_York', '2026-11-01T04:00:00.000Z', '2026-10-31', '2026-11-01'],
      ['Asia/Kolkata', '2026-11-01T18:30:00.000Z', '2026-11-01', '2026-11-02'],
      ['Asia/Kathmandu', '2026-11-01T18:15:00.000Z', '2026-11-01', '2026-11-02'],
      ['Pacific/Kiritimati', '2026-11-01T10:00:00.000Z', '2026-11-01', '2026-11-02'],
      ['Pacific/Pago_Pago', '2026-11-01T11:00:00.000Z', '2026-10-31', '2026-11-01'],
      ['Europe/Berlin', '2027-12-31T23:00:00.000Z', '2027-12-31', '2028-01-01'],
      ['America/New_York', '2028-02-29T05:00:00.000Z', '2028-02-28', '2028-02-29'],
      ['America/New_York', '2028-03-01T05:00:00.000Z', '2028-02-29', '2028-03-01'],
    ] as const) {
      assert.equal(localDate(at(midnight) - 1, zone), before, zone)
      assert.equal(localDate(at(midnight), zone), after, zone)
      assert.equal(midnightAfter(before, zone), at(midnight), zone)
      assert.equal(dateAfter(before, zone), after, zone)
    }
  })

  test('is of four digits a year, also before 1970 and with half seconds', () => {
    assert.equal(localDate(-1, 'UTC'), '1969-12-31')
    assert.equal(localDate(-500, 'Europe/London'), '1970-01-01')
    assert.equal(localDate(at('0999-05-05T12:00:00Z'), 'UTC'), '0999-05-05')
    assert.throws(() => localDate(at('9999-12-31T23:59:59Z') + 1000, 'UTC'), /four digits/)
  })

  test('knows leap years', () => {
    const days = (dates: readonly string[]) => dates.map((date) => dateAfter(date, 'Asia/Shanghai'))
    assert.deepEqual(days(['2028-02-28', '2028-02-29', '2027-02-28', '2100-02-28']), [
      '2028-02-29',
      '2028-03-01',
      '2027-03-01',
      '2100-03-01',
    ])
  })

  test('belongs to a zone that is known', () => {
    assert.deepEqual(['UTC', 'Asia/Shanghai', 'Mars/Olympus', ''].map(isTimeZone), [true, true, false, false])
    assert.throws(() => localDate(0, 'Mars/Olympus'), RangeError)
    assert.throws(() => midnightAfter('nonsense', 'UTC'), /not a date/)
  })
})

describe('the end of a date', () => {
  test('where the clocks change on it comes 23 or 25 hours after its beginning', () => {
    const hoursOf = (date: string, dayBefore: string, zone: string) =>
      (midnightAfter(date, zone) - midnightAfter(dayBefore, zone)) / HOUR_MS
    assert.equal(hoursOf('2026-03-08', '2026-03-07', 'America/New_York'), 23)
    assert.equal(hoursOf('2026-11-01', '2026-10-31', 'America/New_York'), 25)
    assert.equal(hoursOf('2026-10-04', '2026-10-03', 'Australia/Lord_Howe'), 23.5)
    assert.equal(hoursOf('2026-04-05', '2026-04-04', 'Australia/Lord_Howe'), 24.5)
  })

  test('where the clocks skip midnight is the moment of 01:00', () => {
    assert.equal(midnightAfter('2018-11-03', 'America/Sao_Paulo'), at('2018-11-04T03:00:00Z'))
    assert.equal(midnightAfter('2024-04-25', 'Africa/Cairo'), at('2024-04-25T22:00:00Z'))
  })

  test('where midnight puts the clocks back to 23:00 is the second midnight', () => {
    assert.equal(midnightAfter('2018-02-17', 'America/Sao_Paulo'), at('2018-02-18T03:00:00Z'))
    assert.equal(midnightAfter('2024-10-31', 'Africa/Cairo'), at('2024-10-31T22:00:00Z'))
  })

  test('where a minute past midnight puts the clocks back is the first midnight, and after it the second', () => {
    assert.equal(midnightAfter('2006-10-28', 'America/St_Johns'), at('2006-10-29T02:30:00Z'))
    const notBefore = (iso: string) =>
      firstMomentAfter('2006-10-28', { timeZone: 'America/St_Johns', notBeforeMs: at(iso) })
    assert.equal(notBefore('2006-10-29T02:30:30Z'), at('2006-10-29T02:30:30Z'))
    assert.equal(notBefore('2006-10-29T02:31:00Z'), at('2006-10-29T03:30:00Z'))
  })

  test('where the next date was skipped begins the one after', () => {
    assert.equal(midnightAfter('2011-12-29', 'Pacific/Apia'), at('2011-12-30T10:00:00Z'))
    assert.equal(midnightAfter('2011-12-30', 'Pacific/Apia'), at('2011-12-30T10:00:00Z'))
    assert.equal(dateAfter('2011-12-29', 'Pacific/Apia'), '2011-12-31')
    assert.equal(dateAfter('1993-08-20', 'Pacific/Kwajalein'), '1993-08-22')
  })
})

const zones = Intl.supportedValuesOf('timeZone')
// The dates of these held the changes above; around them every zone is worth a look, and any date at all.
const ODD_DATES = ['2006-10-28', '2011-12-29', '2018-02-17', '2018-11-03', '2024-04-25', '2024-10-31', '2026-11-01']
const ODD_ZONES = ['America/St_Johns', 'Pacific/Apia', 'America/Sao_Paulo', 'Africa/Cairo', 'Antarctica/Troll']
const anyZone = fc.oneof(fc.constantFrom(...zones), fc.constantFrom(...ODD_ZONES))
const anyDate = fc.oneof(
  fc.constantFrom(...ODD_DATES),
  fc.integer({ min: 0, max: 57 * 365 }).map((days) => new Date(Date.UTC(1980, 0, 1 + days)).toISOString().slice(0, 10)),
)

test('whatever the zone and date, no minute before the end of a date has a later one', () => {
  fc.assert(
    fc.property(anyZone, anyDate, (timeZone, date) => {
      const swedish = new Intl.DateTimeFormat('sv-SE', { timeZone })
      const endMs = midnightAfter(date, timeZone)
      assert.ok(swedish.format(endMs) > date)
      for (let ms = endMs - 1; ms > endMs - 28 * HOUR_MS; ms -= MINUTE_MS) assert.ok(swedish.format(ms) <= date)
      assert.equal(localDate(endMs, timeZone), swedish.format(endMs))
    }),
    { numRuns: 150 },
  )
})

test('whatever the moment, its date ends after it, and within 27 hours', () => {
  const anyTime = fc.integer({ min: at('1980-01-01T00:00:00Z'), max: at('2037-12-31T00:00:00Z') })
  fc.assert(
    fc.property(anyZone, anyTime, (timeZone, timeMs) => {
      const date = localDate(timeMs, timeZone)
      assert.equal(date, new Intl.DateTimeFormat('sv-SE', { timeZone }).format(timeMs))
      const leftMs = firstMomentAfter(date, { timeZone, notBeforeMs: timeMs }) - timeMs
      // Two more than a usual day in Antarctica/Troll, whose summer time is two hours.
      assert.ok(leftMs > 0 && leftMs <= DAY_MS + 3 * HOUR_MS, `${leftMs} ms are left of ${date} in ${timeZone}`)
    }),
    { numRuns: 2000 },
  )
})
