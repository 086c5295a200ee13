import type { Channels } from '../../channels/channel.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { withPayer } from './claim-payment.ts'
import { type KeepDeps, workOnMessage } from './keep-message.ts'
import { listedPages } from './listed-pages.ts'
import { isUnwantedTest } from './refuse-test-mode.ts'
import { movesTheBooks, type ReplayDeps, type Replayed, sourceOf, tellAgain, type Understood } from './replay-event.ts'

export interface CatchUpDeps extends ReplayDeps {
  readonly channels: Channels
  readonly count: KeepDeps['count']
  readonly reportFault: KeepDeps['report']
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
  /** Of them, those that could not be booked by a fault of ours; with `apply` they are kept. */
  readonly faults: number
  readonly missed: readonly Missed[]
}

/**
 * Asks a platform what it told in a span of time, and takes in what never reached us, by the same use cases as if it had.
 * Without `apply` every transaction is taken back. What we know already changes nothing: payments, refunds and disputes are
 * their own keys. A fault that one message meets keeps no other from being taken in.
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
  const found = { listed: 0, notUnderstood: 0, tests: 0, faults: 0, missed: [] as Missed[] }
  for await (const page of listedPages(channel, { fromMs, untilMs, clock: deps.clock })) {
    if (!page.ok) return page
    for (const told of page.value) {
      const message = await withPayer(deps.database.db, told)
      found.listed += 1
      if (message.kind === 'not_understood') found.notUnderstood += 1
      else if (movesTheBooks(message)) await takeIn(deps, { message, apply, found })
      progress(found.listed)
    }
  }
  return accepted(found)
}

async function takeIn(
  deps: CatchUpDeps,
  about: {
    message: Understood
    apply: boolean
    found: { tests: number; faults: number; missed: Missed[] }
  },
): Promise<void> {
  const { message, apply, found } = about
  if (isUnwantedTest(deps, sourceOf(message))) {
    found.tests += 1
    return
  }
  const told = apply ? await applied(deps, message) : await rehearsed(deps, message)
  if (told === null) found.faults += 1
  else if (told.changes.length > 0) {
    found.missed.push({ kind: message.kind, verdict: told.verdict, changes: told.changes })
  }
}

type Told = Pick<Replayed, 'verdict' | 'changes'>

/** Null for a fault: the message is kept. */
async function applied(deps: CatchUpDeps, message: Understood): Promise<Told | null> {
  const keeping = { ...deps, report: deps.reportFault }
  const proven = sourceOf(message)
  const told = await workOnMessage(keeping, proven, async () =>
    accepted(await tellAgain(deps, { message, apply: true })),
  )
  return told.ok ? told.value : null
}

async function rehearsed(deps: CatchUpDeps, message: Understood): Promise<Told | null> {
  try {
    return await tellAgain(deps, { message, apply: false })
  } catch (error) {
    if (error instanceof StorageUnavailable) throw error
    const { kind, requestId } = sourceOf(message).evidence
    deps.reportFault({ error, kind, requestId })
    return null
  }
}
