import type { Difference, DifferenceKind, Reconciled } from '../../features/reconciliation/index.ts'

const PROVEN: Readonly<Record<DifferenceKind, string>> = {
  missing_here: 'run it again with --apply',
  refund_missing_here: 'run it again with --apply',
  dispute_missing_here: 'run it again with --apply',
  amount_differs: 'look at both; money is put right by a refund at the platform',
  unknown_there:
    'look it up at the platform; if nobody paid, take it back with `npm run orders -- refund` and --returned',
  refund_unknown_there: 'look it up at the platform: if the money never went back, give it back there',
  dispute_unknown_there: 'look it up at the platform: it may have been withdrawn',
}

const BY_REPORT: Partial<Readonly<Record<DifferenceKind, string>>> = {
  missing_here: "a report proves nothing: send it again from the platform, or use the channel's own list with --apply",
  refund_missing_here:
    "send it again from the platform, use the channel's own list, or `npm run orders -- refund` and --returned",
  dispute_missing_here: "send it again from the platform, or use the channel's own list with --apply",
}

/** What to do about a difference. */
export function remedyOf({ kind, isHealed }: Difference, source: Reconciled['source']): string {
  if (isHealed) return 'nothing: it was taken in'
  return (source === 'report' ? BY_REPORT[kind] : undefined) ?? PROVEN[kind]
}
