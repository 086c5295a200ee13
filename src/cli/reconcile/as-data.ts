import type { Reconciled, Side } from '../../features/reconciliation/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { csvLine } from '../../kernel/csv.ts'
import { majorWords } from './amounts.ts'
import { remedyOf } from './remedies.ts'

/** What a report is about. */
export interface About {
  readonly instance: string
  readonly from: string
  readonly to: string
  readonly applied: boolean
}

/** Everything that was found, for programs. */
export function asJson(about: About, found: Reconciled): string {
  const { compared, notGranted, notAsked, taken, counts, totals, differences, source } = found
  const { instance, ...span } = about
  return JSON.stringify(
    {
      ...{ channel: instance, ...span, source, compared, not_granted: notGranted, not_asked: notAsked },
      ...{ not_understood: taken.notUnderstood, tests: taken.tests, faults: taken.faults },
      differences: Object.fromEntries([...counts].map(([kind, { open, healed }]) => [kind, { open, healed }])),
      totals: totals.map(({ currency, there, here }) => ({
        currency,
        there: { paid: majorWords(there.paid, currency), back: majorWords(there.back, currency) },
        here: { paid: majorWords(here.paid, currency), back: majorWords(here.back, currency) },
        difference: majorWords(there.paid - there.back - (here.paid - here.back), currency),
      })),
      rows: differences.map((one) => ({
        ...{ kind: one.kind, ids: one.ids, order_id: one.orderId, payment_id: one.paymentId },
        ...{ there: sideJson(one.there), here: sideJson(one.here) },
        ...{ at: one.occurredAtMs === null ? null : isoTime(one.occurredAtMs), healed: one.isHealed },
        to_do: remedyOf(one, source),
      })),
    },
    null,
    2,
  )
}

const COLUMNS = [
  ...['kind', 'ids', 'order_id', 'payment_id', 'state_there', 'amount_there', 'currency_there'],
  ...['state_here', 'amount_here', 'currency_here', 'at', 'healed', 'to_do'],
]

/** One line for each difference, for spreadsheets. */
export function asCsv(_about: About, { differences, source }: Reconciled): string {
  const lines = differences.map((one) =>
    csvLine([
      ...[one.kind, one.ids.join(' '), one.orderId, one.paymentId, ...sideCells(one.there), ...sideCells(one.here)],
      ...[one.occurredAtMs === null ? null : isoTime(one.occurredAtMs), String(one.isHealed), remedyOf(one, source)],
    ]),
  )
  return [csvLine(COLUMNS), ...lines].join('\n')
}

function sideJson(side: Side | null): object | null {
  return side && { state: side.state, amount: amountOf(side), currency: side.currency }
}

function sideCells(side: Side | null): (string | null)[] {
  return side ? [side.state, amountOf(side), side.currency] : [null, null, null]
}

function amountOf({ minor, currency }: Side): string | null {
  return minor === null || currency === null ? null : majorWords(BigInt(minor), currency)
}
