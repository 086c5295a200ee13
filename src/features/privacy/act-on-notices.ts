import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Row } from '../../db/schema.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { PlayerId } from '../../kernel/ids.ts'
import { deleteIdentity, findIdentities, lockPlayers } from '../players/index.ts'
import { type EraseDeps, endAllSessions, erasedEvent, eraseLocked, finishErasure } from './erase-player.ts'
import { blankProfile, closeNotice, selectOpenNotices } from './queries.ts'

export interface ActDeps extends EraseDeps {
  readonly clock: Clock
  /** Told of a notice that could not be acted on; it is tried again at the next run. */
  readonly report: (failure: { error: unknown; noticeKey: string }) => void
}

type Notice = Row<'identity_notices'>

/** Does what a notice asks for, then closes it. Whatever dies in between leaves it open, and all of it is done again. */
export async function actOnNotice(deps: ActDeps, notice: Notice): Promise<void> {
  const { user_id: playerId, subject } = notice
  if (playerId !== null && subject !== null) {
    const person = { appId: notice.app_id, playerId }
    const forgotten = notice.kind === 'forget' ? await forget(deps, { ...notice, user_id: playerId, subject }) : 'stays'
    if (forgotten === 'stays') await endAllSessions(deps, playerId)
    else await finishErasure(deps, person)
    if (forgotten === 'erased') deps.record(erasedEvent(person, null))
  }
  const closed = { noticeKey: notice.notice_key, nowMs: deps.clock.nowMs() }
  await deps.database.inTransaction((tx) => closeNotice(tx, closed))
}

/**
 * Takes the identity away, and with a player's last one the player. An identity that is another player's by now, or
 * nobody's, is left alone: the notice was about the player of its time.
 */
function forget(
  { database }: ActDeps,
  notice: Notice & { user_id: PlayerId; subject: string },
): Promise<'stays' | 'erased' | 'erased_before'> {
  const { app_id: appId, provider, subject, user_id: playerId } = notice
  return database.inTransaction(async (tx) => {
    const player = (await lockPlayers(tx, [playerId])).get(playerId)
    if (!player) return 'stays'
    if (player.status === 'erased') return 'erased_before'
    const own = await findIdentities(tx, { playerId })
    if (!own.some((identity) => identity.provider === provider && identity.subject === subject)) return 'stays'
    if (own.length === 1) {
      await eraseLocked(tx, player)
      return 'erased'
    }
    await deleteIdentity(tx, { appId, provider, subject, playerId })
    // Which platform a name came from is not kept, so it goes.
    await blankProfile(tx, playerId)
    return 'stays'
  })
}

const NOTICES_A_PAGE = 50

/** Acts on every notice that is still open. One that fails keeps no other from being acted on. Gives how many were. */
export async function actOnNotices(deps: ActDeps, signal: AbortSignal): Promise<number> {
  let done = 0
  let after: Notice | null = null
  while (!signal.aborted) {
    const page: Notice[] = await selectOpenNotices(deps.database.db, { after, limit: NOTICES_A_PAGE })
    for (const notice of page) {
      if (signal.aborted) return done
      try {
        await actOnNotice(deps, notice)
        done += 1
      } catch (error) {
        deps.report({ error, noticeKey: notice.notice_key })
      }
      await nextTurn()
    }
    after = page.at(-1) ?? null
    if (page.length < NOTICES_A_PAGE) break
  }
  return done
}
