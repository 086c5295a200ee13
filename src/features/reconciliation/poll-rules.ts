/** Platforms list what happened some minutes late, and their clocks are not ours: what was read last is read again. */
export const OVERLAP_MS = 10 * 60_000
/**
 * A channel that is polled for the first time begins a day ago: what was lost while it was set up is found, and what an
 * older system has granted long ago is not granted again.
 */
export const FIRST_LOOK_BACK_MS = 24 * 60 * 60_000
/** After a long outage each day is done before the next is begun, so that a fault of a list costs a day's reading at most. */
export const WINDOW_MS = 24 * 60 * 60_000
/** A day that cannot be read to its end is tried by its half, and so on down to this: some of it is better than none. */
const WINDOW_MIN_MS = 60 * 60_000
/** Platforms keep what they told for some months, and refuse to be asked for more: what is older is left to a person. */
const ASKED_BACK_MAX_MS = 90 * 24 * 60 * 60_000
/** A process that dies in a poll is followed by another after this long; a day of a large studio is read within it. */
export const LEASE_MS = 10 * 60_000
/** The job comes every minute anyway. */
const FIRST_WAIT_MS = 60_000
/** A platform that is away for hours is asked often enough to be found back soon, and no more. */
export const LAST_WAIT_MS = 30 * 60_000
/** A message that meets a fault of ours holds the position for this many polls; then it is left to the reconciliation. */
const HELD_POLLS_MAX = 60

/** How far a poll has come. */
export interface Position {
  readonly readUntilMs: number
  readonly failures: number
}

/** The span that is read next. A clock that was ahead and went back must not leave a gap: the position goes back with it. */
export function nextSpan(
  { readUntilMs, failures }: Position,
  nowMs: number,
): { fromMs: number; untilMs: number; isLast: boolean } {
  const beginMs = Math.max(Math.min(readUntilMs, nowMs), nowMs - ASKED_BACK_MAX_MS)
  const windowMs = Math.max(WINDOW_MIN_MS, WINDOW_MS / 2 ** failures)
  const untilMs = Math.min(nowMs, beginMs + windowMs)
  return { fromMs: beginMs - OVERLAP_MS, untilMs, isLast: untilMs === nowMs }
}

/** Whether it is time; a time that lies further ahead than any wait was set by a clock that went back. */
export function isDue(nextPollAtMs: number, nowMs: number): boolean {
  return nextPollAtMs <= nowMs || nextPollAtMs > nowMs + LAST_WAIT_MS
}

/** Where a poll stands after a span was read to its end. */
export function afterSpan(
  position: Position,
  span: { untilMs: number; isLast: boolean; faults: number; nowMs: number },
): Position & { nextPollAtMs: number } {
  const { untilMs, isLast, faults, nowMs } = span
  // What comes after it is read all the same, so that to hold the last span costs nobody anything.
  const holds = faults > 0 && isLast && position.failures < HELD_POLLS_MAX
  return {
    readUntilMs: holds ? position.readUntilMs : untilMs,
    failures: holds ? position.failures + 1 : 0,
    nextPollAtMs: isLast ? nowMs : nowMs + LEASE_MS,
  }
}

/** Where it stands after its platform could not be asked, or not to the end. */
export function afterFailure(
  position: Position,
  { nowMs, retryAfterMs }: { nowMs: number; retryAfterMs: number },
): Position & { nextPollAtMs: number } {
  const waitMs = Math.max(FIRST_WAIT_MS * 2 ** Math.min(position.failures, 10), retryAfterMs)
  return {
    readUntilMs: position.readUntilMs,
    failures: position.failures + 1,
    nextPollAtMs: nowMs + Math.min(LAST_WAIT_MS, waitMs),
  }
}
