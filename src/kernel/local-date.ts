import { invariant } from './invariant.ts'

/** The date that people have where they live, as `YYYY-MM-DD`; such texts are compared as they are. */
export type LocalDate = string

const HOUR_MS = 60 * 60 * 1000
const DAY_MS = 24 * HOUR_MS
// No zone was ever further from UTC: local mean time reached 15:56 h in Manila, summer time 14 h in the Pacific.
const OFFSET_MAX_MS = 16 * HOUR_MS
// A week is the shortest time that any zone left its clocks alone (Boa Vista, October 2000), so that between two equal
// offsets a day apart there was no other.
const STEP_MS = DAY_MS

// One for each time zone that the operator names. Making one costs a hundred times what asking it does.
const wallClocks = new Map<string, Intl.DateTimeFormat>()

/** Whether this machine knows a time zone by its IANA name. */
export function isTimeZone(name: string): boolean {
  // "+08:00" would be taken too, but has no name that reports could show.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    wallClockOf(name)
    return true
  } catch {
    return false
  }
}

/** The date in a time zone at a moment. @throws RangeError for a zone that `isTimeZone` does not know. */
export function localDate(timeMs: number, timeZone: string): LocalDate {
  const date = new Date(timeMs + offsetMsAt(timeMs, timeZone)).toISOString().slice(0, 10)
  invariant(/^\d{4}-\d\d-\d\d$/.test(date), `no date of four digits a year: ${date}`)
  return date
}

/** The moment, in ms, when a date ends in a time zone: not always 00:00, and not always 24 hours after it began. */
export function midnightAfter(date: LocalDate, timeZone: string): number {
  return firstMomentAfter(date, { timeZone, notBeforeMs: Number.NEGATIVE_INFINITY })
}

/** The date that follows in a time zone. Where the clocks skipped a whole date it is the one after that. */
export function dateAfter(date: LocalDate, timeZone: string): LocalDate {
  return localDate(midnightAfter(date, timeZone), timeZone)
}

/**
 * The first moment, in ms and not before the given one, with a later date. Walks along the spans of one offset each:
 * clocks that go back over midnight come to a new date twice, those that go forward over it never show 00:00.
 */
export function firstMomentAfter(
  date: LocalDate,
  { timeZone, notBeforeMs }: { timeZone: string; notBeforeMs: number },
): number {
  // What a clock on the wall shows when the date is over, read as if it were UTC.
  const overMs = Date.parse(`${date}T00:00:00.000Z`) + DAY_MS
  invariant(Number.isSafeInteger(overMs), `not a date: ${date}`)
  let fromMs = Math.max(overMs - OFFSET_MAX_MS, notBeforeMs)
  for (;;) {
    const offsetMs = offsetMsAt(fromMs, timeZone)
    const untilMs = endOfOffset({ timeZone, fromMs, offsetMs })
    const foundMs = Math.max(fromMs, overMs - offsetMs)
    if (foundMs < untilMs) return foundMs
    invariant(untilMs <= overMs + OFFSET_MAX_MS, `${date} comes to an end in ${timeZone}`)
    fromMs = untilMs
  }
}

/** The first moment after `fromMs` with another offset, or the end of the step when there is none in it. */
function endOfOffset(span: { timeZone: string; fromMs: number; offsetMs: number }): number {
  let [sameMs, otherMs] = [span.fromMs, span.fromMs + STEP_MS]
  if (offsetMsAt(otherMs, span.timeZone) === span.offsetMs) return otherMs
  while (otherMs - sameMs > 1) {
    const middleMs = Math.floor((sameMs + otherMs) / 2)
    if (offsetMsAt(middleMs, span.timeZone) === span.offsetMs) sameMs = middleMs
    else otherMs = middleMs
  }
  return otherMs
}

/** What the clocks of a zone show more than UTC does. */
function offsetMsAt(timeMs: number, timeZone: string): number {
  const wholeSecondMs = Math.floor(timeMs / 1000) * 1000
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {}
  for (const { type, value } of wallClockOf(timeZone).formatToParts(wholeSecondMs)) shown[type] = Number(value)
  const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = shown
  return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecondMs
}

function wallClockOf(timeZone: string): Intl.DateTimeFormat {
  const made = wallClocks.get(timeZone)
  if (made !== undefined) return made
  const clock = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  wallClocks.set(timeZone, clock)
  return clock
}
