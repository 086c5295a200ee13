import { randomInt } from 'node:crypto'
import type { Database } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import { type Clock, stopwatch } from '../../kernel/clock.ts'
import type { AppId, OutboxEventId, PlayerId } from '../../kernel/ids.ts'
import {
  type Cursor,
  findEndpoint,
  leaseDue,
  lockHealth,
  makeAllDue,
  saveCursors,
  saveHealth,
  selectDue,
  selectLastNumbers,
  selectNextEvents,
} from './delivery-queries.ts'
import { type EndpointHealth, healthAfter, isSlowAnswer, readRetryAfter, retryWaitMs, WELL } from './delivery-rules.ts'
import { type Sent, sendEvent } from './send-event.ts'
import { signEvent } from './sign-event.ts'

/** Where an app's events go. */
export interface Endpoint {
  readonly appId: AppId
  readonly url: string
  /** The newest first. */
  readonly keys: readonly Buffer[]
  readonly timeoutMs: number
}

export interface DeliveryDeps {
  readonly database: Database
  readonly clock: Clock
  readonly count: (delivery: { appId: AppId; outcome: 'taken' | 'failed' }) => void
  readonly report: ReportDelivery
}

/** What the operator should hear of; not each attempt. */
export type ReportDelivery = (
  news:
    | { readonly kind: 'failing'; readonly appId: AppId; readonly reason: string }
    | { readonly kind: 'well_again'; readonly appId: AppId; readonly failedForMs: number }
    | {
        readonly kind: 'not_taken'
        readonly appId: AppId
        readonly playerId: PlayerId
        readonly eventId: OutboxEventId
        readonly reason: string
      },
) => void

// Sockets to a game server at once, from one process.
const PLAYERS_AT_ONCE = 32
// An endpoint that fails is asked with this many: with one, a single player's bad event could look like an outage.
const PROBES = 3
const EVENTS_EACH = 20
// A player with many events gives way to others after this long.
const WAVE_MS = 10_000
const LOOK_EVERY_MS = 1_000
// Longer than a wave with the longest timeout: whoever is later has died, and its players are anybody's again.
const LEASE_MS = 2 * 60_000
// After so many attempts each time an event is told of by its id, while its endpoint takes others.
const TOLD_EVERY_ATTEMPTS = 5

/**
 * Delivers an app's events that are due: of each player one after the other, of different players side by side. No
 * transaction is open and no connection held meanwhile. Whoever dies before the outcome is written delivers again, by
 * the same ids. Gives how many were taken.
 */
export async function deliverEvents(
  deps: DeliveryDeps,
  endpoint: Endpoint,
  { lookForNew, stop }: { lookForNew: () => Promise<void>; stop: AbortSignal },
): Promise<number> {
  let taken = 0
  let lookedMs = Number.NEGATIVE_INFINITY
  while (!stop.aborted) {
    // While players who are known keep the game server busy a run has no end, and others must not wait for it.
    const nowMs = deps.clock.nowMs()
    if (nowMs - lookedMs >= LOOK_EVERY_MS) {
      await lookForNew()
      lookedMs = nowMs
    }
    const wave = await claimWave(deps, endpoint.appId)
    if (wave === null) break
    const results = await Promise.all(wave.players.map((player) => sendInOrder(deps, endpoint, { ...player, stop })))
    await noteOutcome(deps, { ...wave, appId: endpoint.appId, results })
    taken += results.reduce((sum, result) => sum + result.taken, 0)
  }
  return taken
}

interface DuePlayer {
  readonly cursor: Cursor
  readonly events: readonly Row<'outbox_events'>[]
}

interface ClaimedWave {
  readonly players: readonly DuePlayer[]
  readonly leasedUntilMs: number
  readonly health: EndpointHealth
}

async function claimWave({ database, clock }: DeliveryDeps, appId: AppId): Promise<ClaimedWave | null> {
  for (;;) {
    const nowMs = clock.nowMs()
    const due = await selectDue(database.db, { appId, nowMs, limit: PLAYERS_AT_ONCE })
    if (due.length === 0) return null
    const health = (await findEndpoint(database.db, appId))?.health ?? WELL
    if (health.pausedUntilMs > nowMs) return null
    const playerIds = health.failingSinceMs > 0 ? due.slice(0, PROBES) : due
    const leasedUntilMs = nowMs + LEASE_MS
    const cursors = await database.inTransaction((tx) => leaseDue(tx, { playerIds, nowMs, leasedUntilMs }))
    // Another process took them all between the two looks: the next look finds others.
    if (cursors.length === 0) continue
    const events = await selectNextEvents(database.db, { cursors, limitEach: EVENTS_EACH })
    return { players: playersOf(cursors, events), leasedUntilMs, health }
  }
}

function playersOf(cursors: readonly Cursor[], events: readonly Row<'outbox_events'>[]): DuePlayer[] {
  const inOrder = events.toSorted((a, b) => a.event_seq - b.event_seq)
  const byPlayer = Map.groupBy(inOrder, (event) => event.user_id)
  return cursors.map((cursor) => ({ cursor, events: byPlayer.get(cursor.user_id) ?? [] }))
}

interface PlayerResult extends DuePlayer {
  readonly taken: number
  /** What became of the event behind the last one that was taken; null: it was not tried. */
  readonly failure: Exclude<Sent, { kind: 'taken' }> | null
}

async function sendInOrder(
  { clock, count }: DeliveryDeps,
  endpoint: Endpoint,
  { cursor, events, stop }: DuePlayer & { stop: AbortSignal },
): Promise<PlayerResult> {
  const elapsedMs = stopwatch()
  let taken = 0
  for (const event of events) {
    // Behind a gap nothing goes out: the audit tells of it.
    if (event.event_seq !== cursor.delivered_seq + taken + 1) break
    if (elapsedMs() > WAVE_MS) break
    const message = signEvent(event, { keys: endpoint.keys, nowMs: clock.nowMs() })
    const sent = await sendEvent(endpoint, message, stop)
    if (sent.kind !== 'broken_off') {
      count({ appId: endpoint.appId, outcome: sent.kind === 'taken' ? 'taken' : 'failed' })
    }
    if (sent.kind !== 'taken') return { cursor, events, taken, failure: sent }
    taken += 1
  }
  return { cursor, events, taken, failure: null }
}

/** Writes down how far each player came and how the endpoint is doing, in one transaction. */
async function noteOutcome(
  { database, clock, report }: DeliveryDeps,
  wave: Omit<ClaimedWave, 'players'> & { appId: AppId; results: readonly PlayerResult[] },
): Promise<void> {
  const { appId, results, leasedUntilMs } = wave
  const nowMs = clock.nowMs()
  const failed = results.filter(hasFailed)
  const waits = failed.flatMap(({ failure }) => retryAfterOf(failure, nowMs) ?? [])
  const told = {
    taken: results.reduce((sum, result) => sum + result.taken, 0),
    failed: failed.length,
    retryAfterMs: waits.length > 0 ? Math.max(...waits) : null,
  }
  const concernsHealth = told.failed > 0 || wave.health.failures > 0 || wave.health.pausedUntilMs > 0
  const change = await database.inTransaction(async (tx) => {
    const last = await selectLastNumbers(
      tx,
      results.map(({ cursor }) => cursor.user_id),
    )
    const rows = results.map((result) => cursorAfter(result, { last: last.get(result.cursor.user_id) ?? 0, nowMs }))
    await saveCursors(tx, { rows, leasedUntilMs })
    if (!concernsHealth) return { before: WELL, after: WELL }
    const before = await lockHealth(tx, appId)
    const after = healthAfter(before, told, nowMs)
    await saveHealth(tx, appId, after)
    if (before.failingSinceMs > 0 && after.failingSinceMs === 0) await makeAllDue(tx, { appId, nowMs })
    return { before, after }
  })
  const { before, after } = change
  if (before.failingSinceMs === 0 && after.failingSinceMs > 0) {
    report({ kind: 'failing', appId, reason: reasonOf(failed[0]?.failure ?? null) })
  }
  if (before.failingSinceMs > 0 && after.failingSinceMs === 0) {
    report({ kind: 'well_again', appId, failedForMs: nowMs - before.failingSinceMs })
  }
  if (after.failingSinceMs > 0) return
  for (const { cursor, events, taken, failure } of failed) {
    const eventId = events[taken]?.event_id
    if (taken > 0 || (cursor.attempts + 1) % TOLD_EVERY_ATTEMPTS !== 0 || eventId === undefined) continue
    report({ kind: 'not_taken', appId, playerId: cursor.user_id, eventId, reason: reasonOf(failure) })
  }
}

function cursorAfter(
  { cursor, events, taken, failure }: PlayerResult,
  { last, nowMs }: { last: number; nowMs: number },
): NewRow<'outbox_cursors'> {
  const delivered_seq = cursor.delivered_seq + taken
  const base = { user_id: cursor.user_id, app_id: cursor.app_id, delivered_seq, leased_until_ms: 0 }
  if (last <= delivered_seq) return { ...base, due_at_ms: null, waiting_since_ms: null, attempts: 0 }
  const waiting_since_ms = (events[taken] ?? events.at(-1))?.created_at_ms ?? cursor.waiting_since_ms
  const attemptsBefore = taken > 0 ? 0 : cursor.attempts
  // An event that the sequence promises and nobody finds is a fault of the books, which time alone does not mend.
  const isMissing = taken === 0 && failure === null
  if (!hasFailed({ failure }) && !isMissing) {
    return { ...base, due_at_ms: nowMs, waiting_since_ms, attempts: attemptsBefore }
  }
  const attempts = attemptsBefore + 1
  const isSlow = isMissing || (failure?.kind === 'refused' && isSlowAnswer(failure.status))
  const waitMs = retryWaitMs(attempts, { isSlow, jitter: randomInt(1_000) / 1_000 })
  const due_at_ms = nowMs + Math.max(waitMs, retryAfterOf(failure, nowMs) ?? 0)
  return { ...base, due_at_ms, waiting_since_ms, attempts }
}

/** Whether the endpoint did not take an event; one that we broke off ourselves says nothing of it. */
function hasFailed({ failure }: Pick<PlayerResult, 'failure'>): boolean {
  return failure !== null && failure.kind !== 'broken_off'
}

function retryAfterOf(failure: PlayerResult['failure'], nowMs: number): number | null {
  return failure?.kind === 'refused' ? readRetryAfter(failure.retryAfter, nowMs) : null
}

function reasonOf(failure: PlayerResult['failure']): string {
  if (failure?.kind === 'refused') return `status ${failure.status}`
  return failure?.kind === 'no_answer' ? failure.reason : 'broken off'
}
