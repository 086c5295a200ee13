import type { Difference, DifferenceKind, Reconciled, Side } from '../../features/reconciliation/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { printable } from '../store/arguments.ts'
import { textTable } from '../store/text-table.ts'
import { majorWords } from './amounts.ts'
import type { About } from './as-data.ts'
import { remedyOf } from './remedies.ts'

const KIND_WORDS: Readonly<Record<DifferenceKind, string>> = {
  missing_here: 'paid there, missing here',
  unknown_there: 'booked here, unknown there',
  amount_differs: 'the amounts differ',
  refund_missing_here: 'refunded there, not here',
  refund_unknown_there: 'refunded here, not there',
  dispute_missing_here: 'disputed there, not here',
  dispute_unknown_there: 'disputed here, not there',
}

/** Everything that was found, for a person. */
export function asText(about: About, found: Reconciled): string {
  const { instance, from, to, applied } = about
  const source = found.source === 'report' ? 'the report' : 'the platform'
  return [
    `${instance} from ${from} to ${to}: ${source} tells ${found.compared} payments, refunds and disputes.`,
    ...asides(found),
    ...(found.totals.length > 0 ? ['', totalsTable(found)] : []),
    ...(found.differences.length > 0 ? ['', differencesTable(found), '', ...remedies(found)] : []),
    '',
    conclusion(found, applied),
  ].join('\n')
}

function asides({ notGranted, notAsked, taken }: Reconciled): string[] {
  return [
    ...(notGranted > 0 ? [`${notGranted} of the payments were not granted: see \`npm run orders -- list\`.`] : []),
    ...(notAsked > 0
      ? [`${notAsked} payments of the books are not in the list, and the platform was not asked about each.`]
      : []),
    ...(taken.tests > 0 ? [`${taken.tests} messages are play money, which the app does not take.`] : []),
    ...(taken.notUnderstood > 0 ? [`${taken.notUnderstood} messages are genuine and not understood.`] : []),
    ...(taken.unclaimed > 0 ? [`${taken.unclaimed} purchases name no player of ours yet.`] : []),
    ...(taken.faults > 0 ? [`${taken.faults} messages met a fault of ours, told above, and are kept.`] : []),
  ]
}

function totalsTable({ totals }: Reconciled): string {
  const rows = totals.map(({ currency, there, here }) => {
    const words = (minor: bigint): string => majorWords(minor, currency)
    const difference = there.paid - there.back - (here.paid - here.back)
    return [currency, ...[there.paid, there.back, here.paid, here.back, difference].map(words)]
  })
  return textTable([['currency', 'paid there', 'back there', 'paid here', 'back here', 'difference'], ...rows])
}

function differencesTable({ differences }: Reconciled): string {
  return textTable([
    ['difference', 'payment', 'order', 'there', 'here', 'when', ''],
    ...differences.map((one) => [
      KIND_WORDS[one.kind],
      printable(one.ids.join(' ')),
      printable(one.orderId ?? ''),
      ...[sideWords(one.there), sideWords(one.here)],
      one.occurredAtMs === null ? '' : isoTime(one.occurredAtMs).slice(0, 16),
      one.isHealed ? 'taken in' : '',
    ]),
  ])
}

function sideWords(side: Side | null): string {
  if (side === null) return '-'
  const { state, minor, currency } = side
  return minor === null || currency === null ? state : `${state} ${majorWords(BigInt(minor), currency)} ${currency}`
}

/** Each once: what to do about what is left. */
function remedies({ differences, counts, source }: Reconciled): string[] {
  const left = [...counts].filter(([, { open }]) => open > 0)
  return left.flatMap(([kind, { open }]) => {
    const example = differences.find((one: Difference) => one.kind === kind && !one.isHealed)
    return example ? [`${KIND_WORDS[kind]} (${open}): ${remedyOf(example, source)}.`] : []
  })
}

function conclusion({ counts, differences }: Reconciled, applied: boolean): string {
  const sum = (of: 'open' | 'healed'): number => [...counts.values()].reduce((total, one) => total + one[of], 0)
  const [open, healed] = [sum('open'), sum('healed')]
  const shown = open + healed > differences.length ? ` The first ${differences.length} are shown.` : ''
  if (open + healed === 0) return 'Both sides agree.'
  const left = open === 0 ? 'both sides agree now' : `${open} ${open === 1 ? 'difference is' : 'differences are'} left`
  if (healed > 0) return `${healed} taken in; ${left}.${shown}`
  return `${open} ${open === 1 ? 'difference' : 'differences'}.${applied ? ' Nothing of it could be taken in.' : ''}${shown}`
}
