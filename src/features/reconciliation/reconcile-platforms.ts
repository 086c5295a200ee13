import type { Channel } from '../../channels/channel.ts'
import type { MessageDeps, TakenIn } from '../payments/index.ts'
import { DIFFERENCE_KINDS, type DifferenceKind } from './differences.ts'
import { type Reconciled, reconcile } from './reconcile.ts'

/** What is counted of reconciliations. */
export interface ReconciliationMetrics {
  readonly countReconciliation: (about: { channel: string; outcome: 'clean' | 'differences' | 'failed' }) => void
  readonly countDifferences: (about: { channel: string; kind: DifferenceKind; count: number }) => void
}

/** Told of each channel whose books differ from its platform's, or that could not be compared. */
export type ReconciliationReport = (about: {
  channel: string
  from: number
  until: number
  differences: Readonly<Record<string, number>>
  healed: number
  taken: TakenIn | null
  why: unknown
}) => void

export interface ReconcileJobDeps {
  readonly messageDeps: MessageDeps
  readonly listing: readonly Channel[]
  readonly metrics: ReconciliationMetrics
  readonly reportReconciliation: ReconciliationReport
}

const DAY_MS = 24 * 60 * 60_000
/** Yesterday and the day before: a day is compared again once what was told late of it has come, and platforms settle by days. */
const DAYS_BACK = 2

/**
 * Compares each platform's last two whole days with the books. What is missing here and proven there is taken in at once, as
 * a poll would: a player who has paid waits for nobody. Gives how many differences were left.
 */
export async function reconcilePlatforms(deps: ReconcileJobDeps, signal: AbortSignal): Promise<number> {
  const untilMs = Math.floor(deps.messageDeps.clock.nowMs() / DAY_MS) * DAY_MS
  const span = { fromMs: untilMs - DAYS_BACK * DAY_MS, untilMs }
  let left = 0
  for (const channel of deps.listing) {
    if (signal.aborted) break
    left += await reconcileChannel(deps, channel, { ...span, signal })
  }
  return left
}

async function reconcileChannel(
  { messageDeps, metrics, reportReconciliation }: ReconcileJobDeps,
  channel: Channel,
  { fromMs, untilMs, signal }: { fromMs: number; untilMs: number; signal: AbortSignal },
): Promise<number> {
  const { instance } = channel
  const about = { channel: instance, from: fromMs, until: untilMs }
  const wanted = { channel, fromMs, untilMs, rows: null, apply: true, progress: () => undefined, signal }
  try {
    const done = await reconcile(messageDeps, wanted)
    // This process ends: what was taken in stays, and the next night compares the day again.
    if (signal.aborted) return 0
    if (!done.ok) throw new Error(done.refusal.code)
    const { counts, taken } = done.value
    const open = openCounts(done.value)
    const left = DIFFERENCE_KINDS.reduce((sum, kind) => sum + (open[kind] ?? 0), 0)
    const healed = [...counts.values()].reduce((sum, one) => sum + one.healed, 0)
    metrics.countReconciliation({ channel: instance, outcome: left > 0 ? 'differences' : 'clean' })
    for (const kind of DIFFERENCE_KINDS) metrics.countDifferences({ channel: instance, kind, count: open[kind] ?? 0 })
    if (left > 0 || healed > 0 || taken.notUnderstood > 0 || taken.faults > 0) {
      reportReconciliation({ ...about, differences: open, healed, taken, why: null })
    }
    return left
  } catch (error) {
    metrics.countReconciliation({ channel: instance, outcome: 'failed' })
    reportReconciliation({ ...about, differences: {}, healed: 0, taken: null, why: error })
    return 0
  }
}

function openCounts({ counts }: Reconciled): Partial<Record<DifferenceKind, number>> {
  return Object.fromEntries([...counts].filter(([, { open }]) => open > 0).map(([kind, { open }]) => [kind, open]))
}
