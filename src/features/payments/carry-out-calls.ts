import type { CallDue } from '../../channels/channel.ts'
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes.ts'
import { newRequestId, type OwedCallId } from '../../kernel/ids.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import type { ChannelTaskDeps } from './carry-out-refunds.ts'
import { changeOwedCall, type OwedCallRow, selectDueCalls } from './owed-call-queries.ts'
import { purchaseUse } from './purchase-use.ts'

export interface OwedCallDeps extends Omit<ChannelTaskDeps, 'report'> {
  /** Told of a call that a platform will not take, or that failed by a fault. */
  readonly reportCall: (failure: { error: unknown; callId: OwedCallId }) => void
}

/** So many are made beside each other: a platform that hangs holds up no other's for long. */
const BATCH_MAX = 20
/** The rest is for the next run: whatever shares this one's job has its turn, too. */
const BATCHES_MAX = 10
const FIRST_WAIT_MS = 10_000
/** A purchase that is not consumed within three days is taken back: an hour leaves room for many attempts. */
const LAST_WAIT_MS = 60 * 60 * 1000
/** A process that dies at a call is followed by another after this long. */
const LEASE_MS = 2 * 60_000

/** Makes the calls that we owe to platforms and that are due, the longest due first. Gives how many it tried. */
export async function carryOutCalls(deps: OwedCallDeps, signal: AbortSignal): Promise<number> {
  let tried = 0
  for (let batch = 0; batch < BATCHES_MAX && !signal.aborted; batch++) {
    const due = await selectDueCalls(deps.database.db, { nowMs: deps.clock.nowMs(), limit: BATCH_MAX })
    const made = await Promise.allSettled(due.map((call) => carryOutCall(deps, call)))
    const broken = made.find((one) => one.status === 'rejected')
    if (broken) throw broken.reason
    tried += due.length
    if (due.length < BATCH_MAX) break
  }
  return tried
}

async function carryOutCall(deps: OwedCallDeps, due: OwedCallRow): Promise<void> {
  const { database, clock } = deps
  const attempts = due.attempts + 1
  const claim = { attempts, next_attempt_at_ms: clock.nowMs() + LEASE_MS }
  if (!(await database.inTransaction((tx) => changeOwedCall(tx, { seen: due, change: claim })))) return
  const claimed = { ...due, ...claim }
  const done = await ask(deps, claimed)
  const change = { ...changeAfter(done, { claimed, nowMs: clock.nowMs() }), updated_at_ms: clock.nowMs() }
  await database.inTransaction((tx) => changeOwedCall(tx, { seen: claimed, change }))
  // That a player has not agreed is no fault of anybody's.
  const isFault = change.last_error !== 'consent_missing'
  if (isFault && (change.state === 'refused' || change.state === 'failed')) {
    deps.reportCall({
      error: new Error(`${claimed.kind} of ${claimed.instance}: ${change.last_error}`),
      callId: due.call_id,
    })
  }
}

async function ask(deps: OwedCallDeps, call: OwedCallRow): Promise<Outcome<'done'>> {
  const { database, clock, channels } = deps
  const channel = channels.byInstance(call.instance)
  if (channel?.appId !== call.app_id || !channel.carryOutCall) return refused('channel_unavailable')
  try {
    const { kind, subject, environment, until_ms: untilMs } = call
    const details = JSON.parse(call.details) as CallDue['details']
    const use = kind === 'consumption' ? await purchaseUse(database.db, call) : null
    // How a player used what they bought is theirs to tell: without their consent it never leaves the books.
    if (kind === 'consumption' && !use?.isConsented) return refused('consent_missing')
    const asked = { kind, subject, environment, untilMs, details, use }
    return await channel.carryOutCall({ ...asked, nowMs: clock.nowMs(), requestId: newRequestId() })
  } catch (error) {
    deps.reportCall({ error, callId: call.call_id })
    return refused('channel_unavailable')
  }
}

function changeAfter(
  done: Outcome<'done'>,
  { claimed, nowMs }: { claimed: OwedCallRow; nowMs: number },
): Partial<OwedCallRow> {
  if (done.ok) return { state: 'done', last_error: null }
  const { code } = done.refusal
  if (!canBeMended(code)) return { state: 'refused', last_error: code }
  const nextAtMs = nowMs + Math.min(LAST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(claimed.attempts - 1, 20))
  const isOver = claimed.until_ms !== null && nextAtMs > claimed.until_ms
  return { state: isOver ? 'failed' : 'open', last_error: code, next_attempt_at_ms: nextAtMs }
}

function canBeMended(code: ErrorCode): boolean {
  return ERROR_CODES[code].action === 'retry_after'
}
