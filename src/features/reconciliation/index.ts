export { DIFFERENCE_KINDS, type Difference, type DifferenceKind, type Side } from './differences.ts'
export { type PollDeps, type PollMetrics, type PollReport, pollPlatform } from './poll-platform.ts'
export { readReport } from './read-report.ts'
export { type Reconciled, type ReconciliationWanted, reconcile } from './reconcile.ts'
export {
  type ReconcileJobDeps,
  type ReconciliationMetrics,
  type ReconciliationReport,
  reconcilePlatforms,
} from './reconcile-platforms.ts'
export type { CurrencyTotals } from './totals.ts'
