import type { MadeBackup } from './make-backup.ts'

/** A backup in the words that people read. */
export function describeBackup({ folder, manifest }: MadeBackup, { removed }: { removed: readonly string[] }): string {
  const { data, audit, rows } = manifest
  return [
    `The backup is whole: ${folder}`,
    `${data.file}, ${data.bytes} bytes, SHA-256 ${data.sha256}`,
    `${countsOf(rows)}.`,
    `Root over all chain heads: ${audit.root} (${audit.root_covers})`,
    verdictLine(audit),
    ...removed.map((each) => `Removed the older backup ${each}`),
  ].join('\n')
}

/** The tables that an operator knows by name. */
export function countsOf(rows: Readonly<Record<string, number>>): string {
  const { users = 0, orders = 0, payments = 0, ledger_transactions = 0, postings = 0 } = rows
  return `Players ${users}, orders ${orders}, payments ${payments}, ledger transactions ${ledger_transactions}, postings ${postings}`
}

function verdictLine({ clean, verdict_covers: covers, broken }: MadeBackup['manifest']['audit']): string {
  if (clean === null) return 'The books were not audited: the schema is of an older release.'
  return clean ? `The books are clean (${covers}).` : `The books are not clean: ${broken.join(', ')} (${covers}).`
}
