import { Counter, Gauge, type Registry } from 'prom-client'

/** What is counted of channels whose platforms are asked for what they told. */
export interface PlatformMetrics {
  /** Shows a channel's counters from the start: Prometheus sees no increase in a series that begins at one. */
  readonly openChannel: (about: {
    channel: string
    outcomes: readonly string[]
    differences: readonly string[]
  }) => void
  readonly countPollMessages: (about: { channel: string; outcome: string; count: number }) => void
  readonly countPollFailure: (channel: string) => void
  readonly showPollPosition: (about: { channel: string; readUntilMs: number }) => void
  readonly countReconciliation: (about: { channel: string; outcome: 'clean' | 'differences' | 'failed' }) => void
  readonly countDifferences: (about: { channel: string; kind: string; count: number }) => void
}

export function platformMetrics(registry: Registry): PlatformMetrics {
  const registers = [registry]
  const messages = new Counter({
    name: 'poll_messages_total',
    help: 'Messages that a poll has found at a platform and that had not reached us, by what became of them',
    labelNames: ['channel', 'outcome'],
    registers,
  })
  const failures = new Counter({
    name: 'poll_failures_total',
    help: 'Polls of a platform that failed',
    labelNames: ['channel'],
    registers,
  })
  // The time itself and not an age: it is right however long ago it was read. Of several workers the latest counts.
  const position = new Gauge({
    name: 'poll_position_seconds',
    help: 'Until when, in Unix seconds, all that a platform told has been read',
    labelNames: ['channel'],
    registers,
    aggregator: 'max',
  })
  const runs = new Counter({
    name: 'reconciliations_total',
    help: 'Reconciliations of a channel by what they found',
    labelNames: ['channel', 'outcome'],
    registers,
  })
  const differences = new Counter({
    name: 'reconciliation_differences_total',
    help: 'Differences between a platform and our books that a reconciliation has found and not healed',
    labelNames: ['channel', 'kind'],
    registers,
  })
  return {
    openChannel: ({ channel, outcomes, differences: kinds }) => {
      for (const outcome of outcomes) messages.labels(channel, outcome).inc(0)
      for (const kind of kinds) differences.labels(channel, kind).inc(0)
      for (const outcome of ['clean', 'differences', 'failed']) runs.labels(channel, outcome).inc(0)
      failures.labels(channel).inc(0)
    },
    countPollMessages: ({ channel, outcome, count }) => messages.labels(channel, outcome).inc(count),
    countPollFailure: (channel) => failures.labels(channel).inc(),
    showPollPosition: ({ channel, readUntilMs }) => position.labels(channel).set(readUntilMs / 1000),
    countReconciliation: ({ channel, outcome }) => runs.labels(channel, outcome).inc(),
    countDifferences: ({ channel, kind, count }) => differences.labels(channel, kind).inc(count),
  }
}
