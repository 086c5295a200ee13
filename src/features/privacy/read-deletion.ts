import type { Database } from '../../db/database.ts'
import type { DeletionState } from './deletion-page.ts'
import { findDeletion } from './queries.ts'
import { CONFIRMATION_CODE } from './rules.ts'

/** How the request for deletion of a code stands. What can be no code of ours costs no look at the database. */
export async function readDeletion({ database }: { database: Database }, code: string): Promise<DeletionState> {
  const notice = CONFIRMATION_CODE.test(code) ? await findDeletion(database.db, code) : null
  if (!notice) return { kind: 'unknown' }
  const { received_at_ms: receivedAtMs, done_at_ms: doneAtMs } = notice
  if (notice.state === 'open' || doneAtMs === null) return { kind: 'under_way', receivedAtMs }
  if (notice.user_id === null) return { kind: 'done', receivedAtMs, doneAtMs, deleted: 'nothing' }
  return { kind: 'done', receivedAtMs, doneAtMs, deleted: notice.player_status === 'erased' ? 'player' : 'login' }
}
