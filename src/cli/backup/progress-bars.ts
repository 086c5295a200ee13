import type { CopyProgress } from '../../db/backup.ts'
import { type AuditOptions, auditDatabase } from '../audit/audit-database.ts'
import { openProgressBar } from '../audit/progress-bar.ts'
import { openBar } from '../progress-bar.ts'

// Pages, rows or bytes: in each case what a machine copies in a minute or so.
const WORTH_A_LOG = 2_000_000

/** Runs a copy under a bar, which is closed whatever comes of it. */
export async function copyUnderBar<T>(
  verb: string,
  look: { quiet: boolean },
  copy: (onProgress: CopyProgress) => Promise<T>,
): Promise<T> {
  if (look.quiet) return await copy(() => undefined)
  const bar = openBar({ format: `${verb} [{bar}] {percentage}% | {eta_formatted} left`, worthALog: WORTH_A_LOG })
  try {
    return await copy(bar.update)
  } finally {
    bar.close()
  }
}

/** Audits under a bar of its own. */
export async function auditUnderBar(
  database: Parameters<typeof auditDatabase>[0],
  { quiet, ...options }: AuditOptions & { quiet: boolean },
): Promise<Awaited<ReturnType<typeof auditDatabase>>> {
  if (quiet) return await auditDatabase(database, options)
  const bar = openProgressBar()
  try {
    return await auditDatabase(database, { ...options, onProgress: bar.update })
  } finally {
    bar.close()
  }
}
