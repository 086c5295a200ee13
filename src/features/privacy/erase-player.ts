import type { Database, Tx } from '../../db/database.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { Origin, RecordSecurityEvent } from '../../kernel/security-event.ts'
import { forgetReasons } from '../outbox/index.ts'
import { type LockedPlayer, lockPlayers } from '../players/index.ts'
import { endSessionsOf, type SessionStore } from '../sessions/index.ts'
import { blankEvidence } from './blank-evidence.ts'
import type { Person } from './evidence-queries.ts'
import { blankSecurityEvents, deletePassingAnswers, markErased } from './queries.ts'

export interface EraseDeps {
  readonly database: Database
  /** Null where no session was ever kept. */
  readonly sessions: SessionStore | null
  readonly record: RecordSecurityEvent
}

export interface Erased extends Person {
  /** True where an earlier call had erased the player; what it could not finish is finished all the same. */
  readonly wasErased: boolean
  readonly sessionsEnded: number
}

/**
 * Erases a player: nobody can log in as them, and nothing personal of them is kept. Their number, orders, payments and
 * ledger stay, as money was paid for them. Done again it does what is left to do, and answers the same.
 */
export async function erasePlayer(
  deps: EraseDeps,
  wanted: { appId: AppId | null; playerId: PlayerId; origin: Origin | null },
): Promise<Outcome<Erased>> {
  const marked = await deps.database.inTransaction(async (tx): Promise<Outcome<Omit<Erased, 'sessionsEnded'>>> => {
    const player = (await lockPlayers(tx, [wanted.playerId])).get(wanted.playerId)
    if (!player || (wanted.appId !== null && player.app_id !== wanted.appId)) return refused('player_not_found')
    const wasErased = player.status === 'erased'
    await eraseLocked(tx, player)
    return accepted({ appId: player.app_id, playerId: player.user_id, wasErased })
  })
  if (!marked.ok) return marked
  const sessionsEnded = await finishErasure(deps, marked.value)
  if (!marked.value.wasErased) deps.record(erasedEvent(marked.value, wanted.origin))
  return accepted({ ...marked.value, sessionsEnded })
}

/**
 * The first part, under the player's lock: from its commit on every change in the player's name is refused, no identity
 * leads to them, and no message about them keeps what it says. `finishErasure` must follow.
 */
export async function eraseLocked(tx: Tx, player: LockedPlayer): Promise<void> {
  await markErased(tx, player.user_id)
  await blankSecurityEvents(tx, player.user_id)
  await forgetReasons(tx, player.user_id)
}

/**
 * The rest, each step of which may be done again: sessions, which stand in another store; what was written of the player
 * before, which may be much. Gives how many sessions it ended.
 */
export async function finishErasure(deps: EraseDeps, person: Person): Promise<number> {
  const { playerId } = person
  const ended = await endAllSessions(deps, playerId)
  await blankEvidence(deps, person)
  await deps.database.inTransaction((tx) => deletePassingAnswers(tx, playerId))
  return ended
}

export async function endAllSessions({ sessions }: Pick<EraseDeps, 'sessions'>, playerId: PlayerId): Promise<number> {
  return sessions === null ? 0 : endSessionsOf({ sessions }, { playerId, except: null })
}

export function erasedEvent({ appId, playerId }: Person, origin: Origin | null) {
  return { kind: 'player_erased', appId, playerId, provider: null, outcome: null, origin } as const
}
