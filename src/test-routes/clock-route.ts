import { Type } from 'typebox'
import { defineRoute } from '../http/route.ts'
import { isoTime, type MovableClock } from '../kernel/clock.ts'
import { accepted, refused, refusedField } from '../kernel/outcome.ts'

export interface ClockRouteDeps {
  /** Null where the time is the machine's: online, and where several workers would each have a time of their own. */
  readonly clock: MovableClock | null
  /** Does at once what the new time makes due. */
  readonly afterMove: () => Promise<void>
}

// Longer than anything here waits for; nobody finds their way back from the year 9999.
const AHEAD_MS_MAX = 366 * 24 * 60 * 60 * 1000

/** `POST /test/clock`: makes the time of this server go on, so that what comes late can be tried at once. */
export function clockRoute({ clock, afterMove }: ClockRouteDeps) {
  return defineRoute({
    tag: 'Test',
    access: 'open',
    errors: ['test_routes_off'],
    summary: 'Moves the clock of a local server on',
    description:
      'Everything in this process goes by the moved time until it is started again, and what is due by then is done ' +
      'before the answer. 0 only reads it. Sign callbacks by the `time` of the answer.',
    body: Type.Object({
      advance_ms: Type.Integer({ minimum: 0, maximum: AHEAD_MS_MAX, description: 'How far; never back' }),
    }),
    answer: Type.Object({
      time: Type.String({ description: 'What the server takes for now' }),
      ahead_ms: Type.Integer({ description: "How far that is ahead of the machine's own clock" }),
    }),
    examples: { body: { advance_ms: 0 }, answer: { time: '2026-11-01T10:01:00.000Z', ahead_ms: 1_860_000 } },
    handle: async ({ body }) => {
      if (!clock) return refused('test_routes_off')
      const aheadMs = clock.aheadMs() + body.advance_ms
      if (aheadMs > AHEAD_MS_MAX)
        return refusedField('advance_ms', `would be too far: ${clock.aheadMs()} ms ahead already`)
      if (body.advance_ms > 0) {
        clock.moveMs(body.advance_ms)
        await afterMove()
      }
      return accepted({ time: isoTime(clock.nowMs()), ahead_ms: clock.aheadMs() })
    },
  })
}
