import { openBar } from '../progress-bar.ts'
import type { AuditProgress } from './audit-database.ts'

const ROWS_WORTH_A_LOG = 2_000_000
const FORMAT = 'Auditing {checking} [{bar}] {percentage}% | {value} of {total} rows | {eta_formatted} left'

/** Shows on standard error how far the audit is. */
export function openProgressBar(): { update: (progress: AuditProgress) => void; close: () => void } {
  const bar = openBar({ format: FORMAT, worthALog: ROWS_WORTH_A_LOG })
  return {
    update: ({ rowsRead, rowsTotal, checking }) =>
      bar.update({ done: rowsRead, total: rowsTotal, words: { checking } }),
    close: bar.close,
  }
}
