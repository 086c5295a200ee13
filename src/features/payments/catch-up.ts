import type { Channels } from '../../channels/channel.ts'
import { newRequestId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { isUnwantedTest } from './refuse-test-mode.ts'
import { movesTheBooks, type ReplayDeps, type Replayed, sourceOf, tellAgain, type Understood } from './replay-event.ts'

export interface CatchUpDeps extends ReplayDeps {
  readonly channels: Channels
}

/** What of a platform's messages was news to us. */
export interface Missed {
  /** What it tells of: `payment`, `failure` or `notice`. */
  readonly kind: string
  readonly verdict: string
  readonly changes: Replayed['changes']
}

export interface CaughtUp {
  /** How many messages the platform has of that time. */
  readonly listed: number
  /** Of them, those that are genuine and that we do not understand. */
  readonly notUnderstood: number
  /** Of them, play money that the app does not take. */
  readonly tests: number
  readonly missed: readonly Missed[]
}

/** A platform that lists for ever is broken: a day of a large studio's messages fits in. */
const PAGES_MAX = 10_000

/**
 * Asks a platform what it told in a span of time, and takes in what never reached us, by the same use cases as if it had.
 * Without `apply` every transaction is taken back. What we know already changes nothing: payments, refunds and disputes are
 * their own keys.
 */
export async function catchUp(
  deps: CatchUpDeps,
  wanted: {
    instance: string
    fromMs: number
    untilMs: number
    apply: boolean
    progress: (listed: number) => void
  },
): Promise<Outcome<CaughtUp>> {
  const { instance, fromMs, untilMs, apply, progress } = wanted
  const channel = deps.channels.byInstance(instance)
  if (!channel) return refused('channel_not_found')
  if (!channel.listMessages) return refused('listing_unavailable')
  const found = { listed: 0, notUnderstood: 0, tests: 0, missed: [] as Missed[] }
  let cursor: string | null = null
  for (let page = 0; page < PAGES_MAX; page++) {
    const asked = { fromMs, untilMs, cursor, nowMs: deps.clock.nowMs(), requestId: newRequestId() }
    const listed = await channel.listMessages(asked)
    if (!listed.ok) return listed
    for (const message of listed.value.messages) {
      found.listed += 1
      if (message.kind === 'not_understood') found.notUnderstood += 1
      else if (movesTheBooks(message)) await takeIn(deps, { message, apply, found })
      progress(found.listed)
    }
    cursor = listed.value.nextCursor
    if (cursor === null) break
  }
  return accepted(found)
}

async function takeIn(
  deps: CatchUpDeps,
  about: {
    message: Understood
    apply: boolean
    found: { tests: number; missed: Missed[] }
  },
): Promise<void> {
  const { message, apply, found } = about
  if (isUnwantedTest(deps, sourceOf(message))) {
    found.tests += 1
    return
  }
  const { verdict, changes } = await tellAgain(deps, { message, apply })
  if (changes.length === 0) return
  found.missed.push({ kind: message.kind, verdict, changes })
}
