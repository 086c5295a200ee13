import type { Database } from '../../db/database.ts'
import type { Row } from '../../db/schema.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { listSecurityEvents } from '../security/index.ts'
import { listSessions, type SessionStore } from '../sessions/index.ts'
import { countKept, findAnyPlayer } from './queries.ts'

/** A player with how much is kept of them. */
export interface DescribedPlayer {
  readonly player: Row<'users'>
  readonly kept: Awaited<ReturnType<typeof countKept>>
  readonly sessions: number
}

/** How much is kept of a player, for whoever is about to erase them. */
export async function describePlayer(
  { database, sessions }: { database: Database; sessions: SessionStore | null },
  playerId: PlayerId,
): Promise<Outcome<DescribedPlayer>> {
  const player = await findAnyPlayer(database.db, playerId)
  if (!player) return refused('player_not_found')
  const living = sessions === null ? [] : await listSessions({ sessions }, { playerId })
  const kept = await countKept(database.db, { appId: player.app_id, playerId })
  return accepted({ player, kept, sessions: living.length })
}

/** The newest security events of a player. */
export async function readTrail(
  { database }: { database: Database },
  { playerId, limit }: { playerId: PlayerId; limit: number },
): Promise<Outcome<readonly Row<'security_events'>[]>> {
  if (!(await findAnyPlayer(database.db, playerId))) return refused('player_not_found')
  const page = await listSecurityEvents(database.db, { playerId, limit })
  return page.ok ? accepted(page.value.rows) : page
}
