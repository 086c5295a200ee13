import type { Logger } from 'pino'
import type { Channel } from './channels/channel.ts'
import type { OpenedChannels } from './channels/registry.ts'
import type { Config } from './config/config.ts'
import type { Database } from './db/database.ts'
import type { Apps } from './features/apps/index.ts'
import type { InviteDeps } from './features/invites/index.ts'
import type { CloseCheckoutDeps, ExpireDeps } from './features/orders/index.ts'
import { type OutboxDelivery, openOutboxDelivery, type ReportDelivery } from './features/outbox/index.ts'
import type { ChannelTaskDeps, MessageDeps, OwedCallDeps } from './features/payments/index.ts'
import type { ActDeps } from './features/privacy/index.ts'
import { DIFFERENCE_KINDS, type PollDeps, type ReconcileJobDeps } from './features/reconciliation/index.ts'
import type { Metrics } from './http/metrics.ts'
import type { PlatformMetrics } from './http/platform-metrics.ts'
import { type Jobs, startJobs } from './jobs/runner.ts'
import { schedule } from './jobs/schedule.ts'
import type { Clock } from './kernel/clock.ts'
import type { KeyValueStore } from './kv/kv.ts'

export function startSchedule(
  deps: {
    readonly database: Database
    readonly clock: Clock
    readonly kv: KeyValueStore
    readonly apps: Apps
    readonly logger: Logger
    readonly config: Config
    readonly notices: ActDeps
    readonly messageDeps: MessageDeps
    readonly channels: OpenedChannels
    readonly metrics: Metrics
  },
  { onTime }: { onTime: boolean },
): Jobs {
  const { database, clock, kv, apps, logger, notices } = deps
  const { securityEventDays } = deps.config
  const taskDeps: ChannelTaskDeps = { ...deps.messageDeps, channels: deps.channels, report: reportRefund(logger) }
  const platforms = platformJobs({ ...deps, metrics: deps.metrics.platforms }, { onTime })
  const outbox = openDelivery(deps)
  const jobs = schedule({
    database,
    clock,
    apps,
    securityEventDays,
    notices,
    taskDeps,
    platforms,
    outbox,
    ...jobReports(logger),
  })
  return startJobs(jobs, { kv, logger, onTime })
}

const POLL_OUTCOMES = ['taken', 'fault'] as const

/**
 * What asks platforms for what they told: those that list it. A `local` server asks nobody by itself: its channels are often
 * made up, and a real platform would be asked every minute with keys that it never gave.
 */
function platformJobs(
  deps: {
    readonly messageDeps: MessageDeps
    readonly channels: OpenedChannels
    readonly metrics: PlatformMetrics
    readonly logger: Logger
    readonly config: Config
  },
  { onTime }: { onTime: boolean },
): PollDeps & ReconcileJobDeps {
  const { metrics, logger, messageDeps } = deps
  const asks = deps.config.env === 'online' || !onTime
  const listing = asks ? deps.channels.all.filter((channel: Channel) => channel.listMessages !== undefined) : []
  for (const { instance: channel } of listing) {
    metrics.openChannel({ channel, outcomes: POLL_OUTCOMES, differences: DIFFERENCE_KINDS })
  }
  return {
    ...{ messageDeps, listing },
    metrics: {
      ...metrics,
      countPolled: ({ channel, taken }) => {
        metrics.countPollMessages({ channel, outcome: 'taken', count: taken.taken })
        metrics.countPollMessages({ channel, outcome: 'fault', count: taken.faults })
      },
    },
    reportPoll: ({ channel, became, why }) => {
      if (became === 'working') logger.info({ channel }, 'a platform can be polled again')
      else logger.warn({ channel, ...(why instanceof Error ? { err: why } : { why }) }, 'a platform cannot be polled')
    },
    reportReconciliation: ({ why, ...about }) => {
      const err = why === null ? {} : { err: why }
      logger.warn(
        { ...about, ...err },
        why === null ? 'a platform and our books differed' : 'a channel was not reconciled',
      )
    },
  }
}

/** The delivery to the game servers that are configured, told in metrics and in the log. */
function openDelivery(deps: {
  readonly database: Database
  readonly clock: Clock
  readonly logger: Logger
  readonly config: Config
  readonly metrics: Metrics
}): OutboxDelivery {
  const { database, clock, logger, config, metrics } = deps
  const count = metrics.countDelivery
  const outbox = openOutboxDelivery({ database, clock, count, report: reportDelivery(logger) }, config.apps)
  metrics.watchOutbox(outbox.appIds, async (appId) => {
    const { players, waitingSinceMs } = await outbox.backlogOf(appId)
    return { players, ageMs: waitingSinceMs === null ? 0 : Math.max(0, clock.nowMs() - waitingSinceMs) }
  })
  return outbox
}

function reportDelivery(logger: Logger): ReportDelivery {
  return ({ kind, ...about }) => {
    if (kind === 'failing') logger.warn(about, 'the game server takes no events; they wait, and it is asked again')
    if (kind === 'well_again') logger.info(about, 'the game server takes events again')
    if (kind === 'not_taken') logger.warn(about, 'the game server takes the events of others, and not this one')
  }
}

/** What a job could not do is tried again at its next run; the operator reads why it was not done. */
function jobReports(logger: Logger): {
  report: ExpireDeps['report']
  reportCheckout: CloseCheckoutDeps['report']
  reportCall: OwedCallDeps['reportCall']
  reportInvite: InviteDeps['report']
} {
  return {
    report: ({ error, ...about }) => logger.warn({ err: error, ...about }, 'an order could not expire'),
    reportCheckout: ({ error, ...about }) =>
      logger.warn({ err: error, ...about }, 'a checkout whose order is over could not be closed'),
    reportCall: ({ error, ...about }) =>
      logger.warn({ err: error, ...about }, 'a call that a platform is owed was not made'),
    reportInvite: ({ error, ...about }) =>
      logger.warn({ err: error, ...about }, 'the reward of an invitation could not be given'),
  }
}

/** A platform's notice that could not be acted on is tried again by its job. */
export function reportOpenNotices(logger: Logger): ActDeps['report'] {
  return ({ error, ...about }) => logger.error({ err: error, ...about }, 'a notice of a login platform stays open')
}

function reportRefund(logger: Logger): ChannelTaskDeps['report'] {
  return ({ error, ...about }) => logger.warn({ err: error, ...about }, 'a refund could not be carried out')
}
