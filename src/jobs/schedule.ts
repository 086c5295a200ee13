import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../db/database.ts'
import { sweepIdempotencyKeys } from '../db/transact-once.ts'
import { giveInviteRewards, type InviteDeps } from '../features/invites/index.ts'
import { type CloseCheckoutDeps, closeCheckouts, type ExpireDeps, expireOrders } from '../features/orders/index.ts'
import type { OutboxDelivery } from '../features/outbox/index.ts'
import { type ChannelTaskDeps, carryOutCalls, carryOutRefunds, type OwedCallDeps } from '../features/payments/index.ts'
import { type ActDeps, actOnNotices, blankLateEvents } from '../features/privacy/index.ts'
import {
  type PollDeps,
  pollPlatform,
  type ReconcileJobDeps,
  reconcilePlatforms,
} from '../features/reconciliation/index.ts'
import { sweepSecurityEvents } from '../features/security/index.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Job } from './runner.ts'

// Some milliseconds of the database's time, so that a payment that meets a batch hardly waits.
const SWEEP_ROWS = 500

export interface ScheduleDeps extends ExpireDeps, Pick<InviteDeps, 'apps'> {
  readonly reportInvite: InviteDeps['report']
  readonly notices: ActDeps
  readonly taskDeps: ChannelTaskDeps
  readonly reportCheckout: CloseCheckoutDeps['report']
  readonly reportCall: OwedCallDeps['reportCall']
  readonly platforms: PollDeps & ReconcileJobDeps
  readonly outbox: OutboxDelivery
  /** How long security events are kept. */
  readonly securityEventDays: number
}

/** The table of contents of the background work. */
export function schedule(deps: ScheduleDeps): Job[] {
  const inviteDeps: InviteDeps = { ...deps, report: deps.reportInvite }
  const callDeps = { ...deps.taskDeps, reportCall: deps.reportCall }
  const checkoutDeps = { ...deps.taskDeps, report: deps.reportCheckout }
  return [
    { name: 'expire-orders', pattern: '*/10 * * * * *', run: (signal) => expireOrders(deps, signal) },
    {
      name: 'carry-out-channel-tasks',
      pattern: '*/10 * * * * *',
      // Money that goes back waits for no call.
      run: async (signal) => (await carryOutRefunds(deps.taskDeps, signal)) + (await carryOutCalls(callDeps, signal)),
    },
    { name: 'close-checkouts', pattern: '*/10 * * * * *', run: (signal) => closeCheckouts(checkoutDeps, signal) },
    ...pollJobs(deps.platforms),
    // At night for most, and late enough that platforms have closed their day.
    {
      name: 'reconcile-platforms',
      pattern: '25 40 4 * * *',
      run: (signal) => reconcilePlatforms(deps.platforms, signal),
    },
    { name: 'give-invite-rewards', pattern: '*/10 * * * * *', run: (signal) => giveInviteRewards(inviteDeps, signal) },
    { name: 'act-on-notices', pattern: '5-55/10 * * * * *', run: (signal) => actOnNotices(deps.notices, signal) },
    { name: 'sweep-idempotency-keys', pattern: '30 * * * * *', run: (signal) => sweepAll(deps, signal) },
    { name: 'blank-late-events', pattern: '45 * * * * *', run: (signal) => blankLateEvents(deps, signal) },
    { name: 'sweep-security-events', pattern: '15 7 * * * *', run: (signal) => sweepSecurityEvents(deps, signal) },
    ...outboxJobs(deps.outbox),
  ]
}

/** Each platform has a job of its own, so that one that hangs, or lists for ever, holds up no other's messages. */
function pollJobs(platforms: PollDeps): Job[] {
  return platforms.listing.map((channel) => ({
    name: `poll-platforms ${channel.instance}`,
    pattern: '50 * * * * *',
    run: (signal) => pollPlatform(platforms, channel, signal),
  }))
}

/** Each app has a job of its own, so that a game server that hangs holds up no other's events. */
function outboxJobs(outbox: OutboxDelivery): Job[] {
  if (outbox.appIds.length === 0) return []
  const find = { name: 'find-missed-events', pattern: '20 * * * * *', run: outbox.findMissed }
  return [
    ...outbox.appIds.map((appId) => ({
      name: `deliver-outbox ${appId}`,
      pattern: '* * * * * *',
      // As often as anybody pays; the metrics count it.
      level: 'debug' as const,
      run: (signal: AbortSignal) => outbox.deliver(appId, signal),
    })),
    find,
  ]
}

async function sweepAll(deps: { database: Database; clock: Clock }, signal: AbortSignal): Promise<number> {
  let swept = 0
  while (!signal.aborted) {
    const removed = await sweepIdempotencyKeys(deps, { rowsMax: SWEEP_ROWS })
    swept += removed
    if (removed < SWEEP_ROWS) break
    // An embedded database answers without giving the event loop a turn.
    await nextTurn()
  }
  return swept
}
