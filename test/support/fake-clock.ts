import type { Clock } from '../../src/kernel/clock.ts'

/** A clock that stands still until a test moves it. */
export interface FakeClock extends Clock {
  moveMs(byMs: number): void
}

export function fakeClock(startMs: number = Date.UTC(2026, 10, 1, 9, 30)): FakeClock {
  let nowMs = startMs
  return {
    nowMs: () => nowMs,
    moveMs: (byMs) => {
      nowMs += byMs
    },
  }
}

/** The machine's clock, which a test may only set ahead: for what it does together with a process of its own. */
export function aheadClock(): FakeClock {
  let aheadMs = 0
  return {
    nowMs: () => Date.now() + aheadMs,
    moveMs: (byMs) => {
      aheadMs += byMs
    },
  }
}
