import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channels } from '../../channels/channel.ts'
import type { Tx } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { ERROR_CODES, type ErrorCode } from '../../kernel/error-codes.ts'
import { newRequestId, type RefundIntentId } from '../../kernel/ids.ts'
import { invariant } from '../../kernel/invariant.ts'
import { minorUnits } from '../../kernel/money.ts'
import { type Outcome, refused } from '../../kernel/outcome.ts'
import type { Apps } from '../apps/index.ts'
import { bookCause } from './apply-notice.ts'
import { selectCauses } from './cause-queries.ts'
import type { NoticedPayment } from './lock-notice.ts'
import { lockPayments, selectPaymentLines } from './queries.ts'
import { REFUND_ATTEMPTS_MAX, refundWaitMs } from './refund-rules.ts'
import {
  changeRefundIntent,
  closeRefundIntent,
  findPayment,
  findRefundIntent,
  selectDueRefunds,
} from './review-queries.ts'
import type { SettleDeps } from './settle-payments.ts'

export interface ChannelTaskDeps extends SettleDeps {
  readonly channels: Channels
  /** Told of a refund that could not be carried out; it is tried again, or a person sees it in the queue. */
  readonly report: (failure: { error: unknown; intentId: RefundIntentId }) => void
}

type Intent = Row<'refund_intents'>

// A platform's answer takes seconds; a process that died at it is followed by another after this long.
const LEASE_MS = 2 * 60_000
const BATCH_MAX = 20

/** Asks the platforms for every refund that is due, one at a time. Gives how many it tried. */
export async function carryOutRefunds(deps: ChannelTaskDeps, signal: AbortSignal): Promise<number> {
  let tried = 0
  while (!signal.aborted) {
    const due = await selectDueRefunds(deps.database.db, { nowMs: deps.clock.nowMs(), limit: BATCH_MAX })
    for (const intent of due) {
      if (signal.aborted) break
      try {
        await carryOutRefund(deps, intent.intent_id)
      } catch (error) {
        // Its next attempt is later by now: one that cannot be booked keeps no other from it.
        deps.report({ error, intentId: intent.intent_id })
      }
      tried += 1
      await nextTurn()
    }
    if (due.length < BATCH_MAX) break
  }
  return tried
}

/**
 * Asks the platform for a refund, unless another process is at it, and books it on its confirmation. Whoever dies here
 * leaves an open intent: it is asked for again by the same key, for which the platform gives the money back once.
 * @throws StorageUnavailable when what the platform answered cannot be booked; the next attempt gets the same answer.
 */
export async function carryOutRefund(deps: ChannelTaskDeps, intentId: RefundIntentId): Promise<Intent> {
  const claimed = await claim(deps, intentId)
  if (claimed) {
    const answer = await askPlatform(deps, claimed)
    if (answer.ok) await confirm(deps, { claimed, told: answer.value })
    else await noteFailure(deps, { claimed, code: answer.refusal.code })
  }
  const after = await findRefundIntent(deps.database.db, intentId)
  invariant(after, `refund ${intentId} is there`)
  return after
}

/** Takes an open intent for one attempt: of several processes one gets it. */
async function claim({ database, clock }: ChannelTaskDeps, intentId: RefundIntentId): Promise<Intent | null> {
  return await database.inTransaction(async (tx) => {
    const nowMs = clock.nowMs()
    const seen = await findRefundIntent(tx, intentId)
    if (seen?.state !== 'open' || seen.lease_until_ms > nowMs) return null
    const attempts = seen.attempts + 1
    const change = {
      attempts,
      lease_until_ms: nowMs + LEASE_MS,
      next_attempt_at_ms: nowMs + refundWaitMs(attempts),
      updated_at_ms: nowMs,
    }
    return (await changeRefundIntent(tx, { seen, change })) ? { ...seen, ...change } : null
  })
}

async function askPlatform(
  deps: ChannelTaskDeps,
  intent: Intent,
): Promise<Outcome<{ refundId: string; occurredAtMs: number }>> {
  const payment = await findPayment(deps.database.db, intent.payment_id)
  const channel = deps.channels.byInstance(payment.instance)
  if (channel?.appId !== payment.app_id || !channel.refundPayment) return refused('refund_unavailable')
  try {
    return await channel.refundPayment({
      transactionId: payment.transaction_id,
      orderId: intent.order_id,
      amount: amountOf(intent),
      idempotencyKey: intent.idempotency_key,
      nowMs: deps.clock.nowMs(),
      requestId: newRequestId(),
    })
  } catch (error) {
    deps.report({ error, intentId: intent.intent_id })
    return refused('channel_unavailable')
  }
}

/** A clear "no" ends it; whatever leaves open what the platform did is asked again, and in the end left to a person. */
async function noteFailure(
  { database, clock }: ChannelTaskDeps,
  { claimed, code }: { claimed: Intent; code: ErrorCode },
): Promise<void> {
  // Taken by the platform, it is a matter of its time: it says in the end what came of it.
  const isOver = claimed.attempts >= REFUND_ATTEMPTS_MAX && code !== 'refund_pending'
  const state = isClearNo(code) ? 'refused' : isOver ? 'failed' : 'open'
  const change = { state, last_error: code, lease_until_ms: 0, updated_at_ms: clock.nowMs() } as const
  await database.inTransaction((tx) => changeRefundIntent(tx, { seen: claimed, change }))
}

function isClearNo(code: ErrorCode): boolean {
  // A channel that is not configured any more may be again.
  return ERROR_CODES[code].action !== 'retry_after' && code !== 'refund_unavailable'
}

/** Books what the platform confirmed: by its own id, so that its notice of the same refund changes nothing more. */
async function confirm(
  deps: ChannelTaskDeps,
  { claimed, told }: { claimed: Intent; told: { refundId: string; occurredAtMs: number } },
): Promise<void> {
  await deps.database.inTransaction(async (tx) => {
    const payment = await holdPayment(tx, claimed)
    await bookRefund(tx, { apps: deps.apps, payment, intentId: claimed.intent_id, told, nowMs: deps.clock.nowMs() })
  })
}

/** The payment of a refund, locked, with everything that was told of it. */
export async function holdPayment(tx: Tx, { payment_id }: Pick<Intent, 'payment_id'>): Promise<NoticedPayment> {
  const [row] = await lockPayments(tx, [payment_id])
  invariant(row, `payment ${payment_id} is there`)
  return {
    row,
    lines: await selectPaymentLines(tx, [payment_id]),
    causes: await selectCauses(tx, payment_id),
    hasMerged: false,
  }
}

/** Books a refund on a payment that the caller holds, and closes its intent, in one transaction. */
export async function bookRefund(
  tx: Tx,
  input: {
    apps: Apps
    payment: NoticedPayment
    intentId: RefundIntentId
    told: { refundId: string; occurredAtMs: number }
    nowMs: number
  },
): Promise<void> {
  const { apps, payment, intentId, told, nowMs } = input
  // Read once more under the payment's lock: whoever confirmed it meanwhile held that too.
  const intent = await findRefundIntent(tx, intentId)
  invariant(intent, `refund ${intentId} is there`)
  if (intent.state === 'done') return
  await closeRefundIntent(tx, { intentId, refundId: told.refundId, nowMs })
  await bookCause(tx, {
    apps,
    payment,
    told: {
      cause: 'refund',
      causeId: told.refundId,
      state: 'taken',
      lineNo: intent.line_no,
      amount: amountOf(intent),
      occurredAtMs: told.occurredAtMs,
    },
    nowMs,
  })
}

function amountOf({ amount_minor: minor, currency }: Intent) {
  return minor === null || currency === null ? null : { minor: minorUnits(minor), currency }
}
