import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Channel, ReportRow } from '../../channels/channel.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { listedPages, type MessageDeps, type TakenIn } from '../payments/index.ts'
import { type Comparison, compareListed, compareRows, type Matched, openComparison } from './comparison.ts'
import type { Difference, DifferenceKind } from './differences.ts'
import { entryOfRow } from './entries.ts'
import { noteOnlyHere, type Sought } from './only-here.ts'
import { OVERLAP_MS } from './poll-rules.ts'
import type { CurrencyTotals } from './totals.ts'

/** What is compared. */
export interface ReconciliationWanted {
  readonly channel: Channel
  readonly fromMs: number
  readonly untilMs: number
  /** Lines of a report in the place of the platform's own list. */
  readonly rows: readonly ReportRow[] | null
  /** Takes in what the platform proves and the books do not have. */
  readonly apply: boolean
  readonly progress: (compared: number) => void
  /** Ends it between two questions to the platform. */
  readonly signal?: AbortSignal
}

/** What a reconciliation has found. */
export interface Reconciled {
  readonly source: 'list' | 'report'
  /** Payments, refunds and disputes that the platform tells. */
  readonly compared: number
  /** Of the payments, those that are paid there and were not granted here: in the review queue, or closed there. */
  readonly notGranted: number
  /** In our books and not in the list, of which the platform did not say more: some were told late, some may be unknown there. */
  readonly notAsked: number
  readonly taken: TakenIn
  readonly totals: readonly CurrencyTotals[]
  /** The first ten thousand. */
  readonly differences: readonly Difference[]
  /** All of them. */
  readonly counts: ReadonlyMap<DifferenceKind, { readonly open: number; readonly healed: number }>
}

const DAY_MS = 24 * 60 * 60_000
/** What is told at the edge of a span may stand on its other side by the other's clock. */
const EDGE_MS = 60 * 60_000
/** A list that misses more than these has another fault than late messages. */
const ASKS_MAX = 200
const ROWS_TOGETHER = 500

/**
 * Compares what a platform has with the books of its channel, both ways. A day at a time: in memory stand the ids of three
 * days, some hundred bytes for each payment, however long the span is. A report is in memory as a whole.
 */
export async function reconcile(deps: MessageDeps, wanted: ReconciliationWanted): Promise<Outcome<Reconciled>> {
  const comparison = openComparison()
  if (wanted.rows !== null) {
    await compareReport(deps, comparison, { ...wanted, rows: wanted.rows })
    return accepted(resultOf(comparison, 'report'))
  }
  if (!wanted.channel.listMessages) return refused('listing_unavailable')
  const refusal = await compareList(deps, comparison, wanted)
  return refusal ?? accepted(resultOf(comparison, 'list'))
}

function resultOf(comparison: Comparison, source: Reconciled['source']): Reconciled {
  const { totals, ...found } = comparison
  return { source, ...found, totals: totals.all() }
}

interface Window {
  readonly fromMs: number
  readonly untilMs: number
  readonly isInside: boolean
}

/** The days of the span, and what lies beside it on both sides. */
function windowsOf(fromMs: number, untilMs: number, nowMs: number): Window[] {
  const windows: Window[] = [{ fromMs: fromMs - EDGE_MS, untilMs: fromMs, isInside: false }]
  for (let at = fromMs; at < untilMs; at += DAY_MS) {
    windows.push({ fromMs: at, untilMs: Math.min(at + DAY_MS, untilMs), isInside: true })
  }
  const edgeMs = Math.min(untilMs + EDGE_MS, nowMs)
  if (edgeMs > untilMs) windows.push({ fromMs: untilMs, untilMs: edgeMs, isInside: false })
  return windows
}

/** Gives why the list could not be read; what was taken in until then stays. */
async function compareList(
  deps: MessageDeps,
  comparison: Comparison,
  wanted: ReconciliationWanted,
): Promise<Extract<Outcome<never>, { ok: false }> | null> {
  const { channel, apply, progress, signal } = wanted
  const { clock } = deps
  const read: { window: Window; matched: Matched }[] = []
  const asks = { left: ASKS_MAX }
  signal?.addEventListener('abort', () => {
    asks.left = 0
  })
  const close = (index: number): Promise<void> => closeWindow(deps, comparison, { wanted, asks, read, index })
  const windows = windowsOf(wanted.fromMs, wanted.untilMs, clock.nowMs())
  for (const [index, window] of windows.entries()) {
    const matched = noMatches()
    const before = read.filter((one) => one.window.isInside).map((one) => one.matched)
    read.push({ window, matched })
    for await (const page of listedPages(channel, { fromMs: window.fromMs, untilMs: window.untilMs, clock })) {
      if (!page.ok) return page
      // A list that was not read to its end was not compared.
      if (signal?.aborted) return refused('channel_unavailable')
      const into = { comparison, matched, seen: before }
      await compareListed(deps, into, { page: page.value, isInside: window.isInside, apply })
      progress(comparison.compared)
      // An embedded database answers without giving the event loop a turn.
      await nextTurn()
    }
    if (index > 0) await close(index - 1)
  }
  await close(windows.length - 1)
  return null
}

/** Looks for what only the books have of a window, once the windows on both of its sides are read; then lets go of the first. */
async function closeWindow(
  deps: MessageDeps,
  comparison: Comparison,
  about: {
    wanted: ReconciliationWanted
    asks: Sought['asks']
    read: { window: Window; matched: Matched }[]
    index: number
  },
): Promise<void> {
  const { wanted, asks, read, index } = about
  const { channel } = wanted
  const own = read[index]
  const beside = [read[index - 1], own, read[index + 1]].flatMap((one) => (one ? [one.matched] : []))
  if (own?.window.isInside) {
    const { fromMs, untilMs } = own.window
    // What we were told a moment ago its platform may list in a moment.
    const span = { ...booksOf(channel), fromMs, untilMs: Math.min(untilMs, deps.clock.nowMs() - OVERLAP_MS) }
    const environments = new Set(deps.apps.find(channel.appId)?.testPurchases ? ['live', 'test'] : ['live'])
    const { listsOnly } = channel
    const lists = { payments: listsOnly !== 'reversals', reversals: listsOnly !== 'payments' }
    await noteOnlyHere(deps, comparison, { channel, span, found: beside, environments, ...lists, asks })
  }
  const past = read[index - 1]
  past?.matched.payments.clear()
  past?.matched.reversals.clear()
}

/** Lines of a day before or after the span only excuse what the books have in it. */
async function compareReport(
  deps: MessageDeps,
  comparison: Comparison,
  wanted: ReconciliationWanted & { rows: readonly ReportRow[] },
): Promise<void> {
  const { channel, fromMs, untilMs, rows, progress } = wanted
  const scope = { appId: channel.appId, instance: channel.instance, environment: 'live' } as const
  const matched = noMatches()
  const into = { comparison, matched, seen: [] }
  for (let at = 0; at < rows.length; at += ROWS_TOGETHER) {
    const entries = rows.slice(at, at + ROWS_TOGETHER).map((row) => entryOfRow(row, scope))
    await compareRows(deps, into, {
      entries,
      isInside: ({ occurredAtMs }) => occurredAtMs !== null && occurredAtMs >= fromMs && occurredAtMs < untilMs,
    })
    progress(comparison.compared)
    await nextTurn()
  }
  const isPaid = ({ kind }: ReportRow): boolean => kind === 'paid'
  // A report of nothing says that nothing was paid.
  const tells = { payments: rows.length === 0 || rows.some(isPaid), reversals: !rows.every(isPaid) }
  const span = { ...booksOf(channel), fromMs, untilMs }
  const sought = { channel, span, found: [matched], environments: new Set(['live']), ...tells }
  await noteOnlyHere(deps, comparison, { ...sought, asks: { left: ASKS_MAX } })
}

function booksOf({ appId, instance }: Channel): Pick<Channel, 'appId' | 'instance'> {
  return { appId, instance }
}

function noMatches(): Matched {
  return { payments: new Set(), reversals: new Set() }
}
