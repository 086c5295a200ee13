import { Presets, SingleBar } from 'cli-progress'
import type { AuditProgress } from './audit-database.ts'

// Where nobody watches, a line now and then is worth it only for an audit that takes minutes.
const ROWS_WORTH_A_LOG = 2_000_000
const LOG_EVERY_MS = 10_000

/** Shows on standard error how far the audit is: a bar on a terminal, a line now and then for a large one elsewhere. */
export function openProgressBar(): { update: (progress: AuditProgress) => void; close: () => void } {
  const isTerminal = process.stderr.isTTY === true
  const bar = new SingleBar(
    {
      format: 'Auditing {checking} [{bar}] {percentage}% | {value} of {total} rows | {eta_formatted} left',
      stream: process.stderr,
      clearOnComplete: true,
      hideCursor: true,
      // Restores the cursor when the audit is interrupted.
      gracefulExit: isTerminal,
      noTTYOutput: true,
      notTTYSchedule: LOG_EVERY_MS,
    },
    Presets.legacy,
  )
  let started = false
  return {
    update: ({ rowsRead, rowsTotal, checking }) => {
      if (!isTerminal && rowsTotal < ROWS_WORTH_A_LOG) return
      if (!started) bar.start(rowsTotal, 0, { checking })
      started = true
      bar.update(rowsRead, { checking })
    },
    close: () => {
      if (started) bar.stop()
    },
  }
}
