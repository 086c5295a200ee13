import type { AuditReport, InvariantReport } from './audit-database.ts'
import type { Breach } from './books.ts'

/** The report in the words that people read. `quiet` leaves out all that is well. */
export function describeReport(report: AuditReport, { quiet }: { quiet: boolean }): string {
  if (quiet)
    return report.invariants
      .filter(({ breaches }) => breaches > 0)
      .flatMap(describeInvariant)
      .join('\n')
  const { totals } = report
  const broken = report.invariants.filter(({ breaches }) => breaches > 0).length
  return [
    report.clean
      ? 'The books are clean.'
      : `The books are not clean: ${broken} of ${report.invariants.length} invariants are broken.`,
    '',
    ...report.invariants.flatMap(describeInvariant),
    '',
    `Players ${totals.players}, orders ${totals.orders}, payments ${totals.payments}, ` +
      `ledger transactions ${totals.ledgerTransactions}, postings ${totals.postings}.`,
    `Root over all chain heads: ${report.root}`,
    `Took ${(report.tookMs / 1000).toFixed(1)} s.`,
  ].join('\n')
}

function describeInvariant({ name, sentence, breaches, shown }: InvariantReport): string[] {
  const verdict = breaches === 0 ? 'ok' : breaches === 1 ? '1 breach' : `${breaches} breaches`
  const lines = [`${name.padEnd(4)}${verdict.padEnd(12)} ${sentence}`, ...shown.map(describeBreach)]
  if (breaches > shown.length) lines.push(`      and ${breaches - shown.length} more`)
  return lines
}

function describeBreach({ fault, facts }: Breach): string {
  const told = Object.entries(facts).map(([name, value]) => `${name}=${value ?? 'none'}`)
  return `      ${fault}: ${told.join(' ')}`
}
