import type { Channel } from '../../channels/channel.ts'
import type { Refusal } from '../../kernel/outcome.ts'
import { addTaken, listedPages, type MessageDeps, NOTHING_TAKEN, type TakenIn, takeIn } from '../payments/index.ts'
import { afterFailure, afterSpan, FIRST_LOOK_BACK_MS, isDue, LEASE_MS, nextSpan, type Position } from './poll-rules.ts'
import { changePosition, ensurePosition, findPosition, type PollPosition } from './queries.ts'

/** What is counted of polls. */
export interface PollMetrics {
  readonly countPolled: (about: { channel: string; taken: TakenIn }) => void
  readonly countPollFailure: (channel: string) => void
  readonly showPollPosition: (about: { channel: string; readUntilMs: number }) => void
}

/** Told once when a poll begins to fail, and once when it works again. */
export type PollReport = (about: { channel: string; became: 'failing' | 'working'; why: unknown }) => void

export interface PollDeps {
  readonly messageDeps: MessageDeps
  /** Those that list what they told. */
  readonly listing: readonly Channel[]
  readonly metrics: PollMetrics
  readonly reportPoll: PollReport
}

/** A channel that this process has taken, as it stands in the books. */
interface Turn {
  readonly channel: Channel
  held: PollPosition
}

/**
 * Takes in what a platform told and never reached us: it is asked for everything since the position that is kept for it,
 * which goes on only once all of it was read. Gives how many messages were news.
 */
export async function pollPlatform(deps: PollDeps, channel: Channel, signal: AbortSignal): Promise<number> {
  const held = await claim(deps, channel)
  if (held === null) return 0
  const turn: Turn = { channel, held }
  let taken = 0
  for (let goesOn = true; goesOn; ) {
    const span = nextSpan(positionOf(turn.held), deps.messageDeps.clock.nowMs())
    const found: TakenIn = { ...NOTHING_TAKEN }
    const ended = await readSpan(deps, turn, { ...span, found, signal })
    taken += found.taken
    deps.metrics.countPolled({ channel: channel.instance, taken: found })
    goesOn = (await endSpan(deps, turn, { ...span, ended, faults: found.faults })) && !span.isLast && !signal.aborted
  }
  return taken
}

/** How the reading of a span ended. `lost`: another process has taken the channel, since this one took too long. */
type Ended = 'read' | 'stopped' | 'lost' | { readonly why: unknown; readonly retryAfterMs: number }

/** Writes down how far a poll has come; false where it ends here. */
async function endSpan(
  deps: PollDeps,
  turn: Turn,
  span: { untilMs: number; isLast: boolean; ended: Ended; faults: number },
): Promise<boolean> {
  const { messageDeps, metrics, reportPoll } = deps
  const { ended, faults, ...read } = span
  if (ended === 'lost') return false
  const { instance: channel } = turn.channel
  const nowMs = messageDeps.clock.nowMs()
  const position = positionOf(turn.held)
  const next = nextPosition(position, { ...read, ended, faults, nowMs })
  if (typeof ended === 'object') metrics.countPollFailure(channel)
  if (!(await change(messageDeps, turn, next))) return false
  metrics.showPollPosition({ channel, readUntilMs: next.readUntilMs })
  if (next.failures > 0 !== position.failures > 0) {
    const why =
      typeof ended === 'object' ? ended.why : faults > 0 ? `${faults} messages met a fault, and are kept` : null
    reportPoll({ channel, became: next.failures > 0 ? 'failing' : 'working', why })
  }
  return ended === 'read'
}

function nextPosition(
  position: Position,
  span: { untilMs: number; isLast: boolean; ended: Exclude<Ended, 'lost'>; faults: number; nowMs: number },
): Position & { nextPollAtMs: number } {
  const { ended, nowMs } = span
  if (ended === 'read') return afterSpan(position, span)
  if (ended === 'stopped') return { ...position, nextPollAtMs: nowMs }
  return afterFailure(position, { nowMs, retryAfterMs: ended.retryAfterMs })
}

/** Takes the channel for this process, where its time has come and no other is at it. */
async function claim({ messageDeps, metrics }: PollDeps, channel: Channel): Promise<PollPosition | null> {
  const { instance } = channel
  const { database, clock } = messageDeps
  const nowMs = clock.nowMs()
  const begin = { instance, read_until_ms: nowMs - FIRST_LOOK_BACK_MS, failures: 0, next_poll_at_ms: nowMs }
  const seen =
    (await findPosition(database.db, instance)) ??
    (await database.inTransaction((tx) => ensurePosition(tx, { ...begin, updated_at_ms: nowMs })))
  metrics.showPollPosition({ channel: instance, readUntilMs: seen.read_until_ms })
  if (!isDue(seen.next_poll_at_ms, nowMs)) return null
  const turn: Turn = { channel, held: seen }
  return (await extend(messageDeps, turn)) ? turn.held : null
}

/** Keeps the channel to this process for a further while; false where another has taken it. */
async function extend(messageDeps: MessageDeps, turn: Turn): Promise<boolean> {
  const nextPollAtMs = messageDeps.clock.nowMs() + LEASE_MS
  return await change(messageDeps, turn, { ...positionOf(turn.held), nextPollAtMs })
}

async function change(
  { database, clock }: MessageDeps,
  turn: Turn,
  { readUntilMs, failures, nextPollAtMs }: Position & { nextPollAtMs: number },
): Promise<boolean> {
  const change = {
    ...{ read_until_ms: readUntilMs, failures, next_poll_at_ms: nextPollAtMs },
    updated_at_ms: clock.nowMs(),
  }
  if (!(await database.inTransaction((tx) => changePosition(tx, { seen: turn.held, change })))) return false
  turn.held = { ...turn.held, ...change }
  return true
}

function positionOf({ read_until_ms: readUntilMs, failures }: PollPosition): Position {
  return { readUntilMs, failures }
}

async function readSpan(
  { messageDeps }: PollDeps,
  turn: Turn,
  span: { fromMs: number; untilMs: number; found: TakenIn; signal: AbortSignal },
): Promise<Ended> {
  const { clock } = messageDeps
  try {
    const { fromMs, untilMs } = span
    for await (const page of listedPages(turn.channel, { fromMs, untilMs, clock })) {
      if (!page.ok) return { why: whyRefused(page.refusal), retryAfterMs: (page.refusal.retryAfterSeconds ?? 0) * 1000 }
      addTaken(span.found, await takeIn(messageDeps, page.value))
      if (span.signal.aborted) return 'stopped'
      const isHalfOver = clock.nowMs() > turn.held.next_poll_at_ms - LEASE_MS / 2
      if (isHalfOver && !(await extend(messageDeps, turn))) return 'lost'
    }
    return 'read'
  } catch (error) {
    // A list that is none, or a database that is away: what of it was taken in is known the next time.
    return { why: error, retryAfterMs: 0 }
  }
}

function whyRefused({ code, details = [] }: Refusal): string {
  return [code, ...details.map(({ path, message }) => `${path}: ${message}`)].join('; ')
}
