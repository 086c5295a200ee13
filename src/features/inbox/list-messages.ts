import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import { readCursor, writeCursor } from '../../kernel/cursor.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { selectMessages } from './queries.ts'

export interface InboxPage {
  readonly messages: readonly Row<'inbox_messages'>[]
  readonly nextCursor: string | null
}

/** A page of a player's messages, newest first, claimed ones included. */
export async function listMessages(
  deps: { database: Database },
  wanted: { playerId: PlayerId; limit: number; cursor: string | null },
): Promise<Outcome<InboxPage>> {
  const after = wanted.cursor === null ? null : readCursor(wanted.cursor)
  if (wanted.cursor !== null && !after) {
    return refused('invalid_fields', { details: [{ path: 'cursor', message: 'is not a cursor of this call' }] })
  }
  const rows = await selectMessages(deps.database.db, {
    playerId: wanted.playerId,
    limit: wanted.limit + 1,
    after: after ? { createdAtMs: after.createdAtMs, messageId: after.id } : null,
  })
  const messages = rows.slice(0, wanted.limit)
  const last = messages.at(-1)
  const more = rows.length > wanted.limit
  return accepted({
    messages,
    nextCursor: more && last ? writeCursor({ createdAtMs: last.created_at_ms, id: last.message_id }) : null,
  })
}
