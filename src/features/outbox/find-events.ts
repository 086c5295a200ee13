import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Database } from '../../db/database.ts'
import type { Clock } from '../../kernel/clock.ts'
import { type AppId, outboxIdsFrom, type PlayerId } from '../../kernel/ids.ts'
import {
  findEndpoint,
  findOldestTime,
  markWaiting,
  type NewEvent,
  type PlayerEvents,
  saveScan,
  selectNewEvents,
  selectPlayerEvents,
} from './delivery-queries.ts'

/** Finds players with events that nobody knows to be waiting. */
export interface EventFinder {
  /** Looks at what was written lately: one query over the end of an index. */
  findNew(appId: AppId): Promise<void>
  /** Looks at every player, some at each call. Gives how many had events that were missed. */
  findMissed(signal: AbortSignal): Promise<number>
}

// An event is seen when it is committed, which is some milliseconds after the time in its id, and on another machine's
// clock. What comes later than this, or was written before there was an endpoint, the walk over all players finds.
const OVERLAP_MS = 15_000
// So much is looked through again after a restart.
const SAVE_EVERY_MS = 60_000
const PAGE = 500

const PLAYERS_A_PAGE = 1_000
// About 30 ms of the database's time at a call: ten million players are walked through in eight hours.
const BARREN_PAGES_MAX = 20

export function openEventFinder(
  { database, clock }: { readonly database: Database; readonly clock: Clock },
  appIds: readonly AppId[],
): EventFinder {
  const scans = new Map<AppId, { toMs: number; savedMs: number }>()
  const wanted = new Set(appIds)
  let walkedTo = 0 as PlayerId

  const startOf = async (appId: AppId, nowMs: number): Promise<{ toMs: number; savedMs: number }> => {
    const known = scans.get(appId)
    if (known && nowMs - known.toMs <= SAVE_EVERY_MS) return known
    // Other processes have looked meanwhile. With none before, all is left to the walk.
    const savedMs = (await findEndpoint(database.db, appId))?.scannedToMs
    return { toMs: Math.max(known?.toMs ?? 0, savedMs ?? nowMs), savedMs: savedMs ?? 0 }
  }

  return {
    async findNew(appId) {
      const nowMs = clock.nowMs()
      const scan = await startOf(appId, nowMs)
      // A clock that was ahead and was set back must not leave anything out.
      const fromMs = Math.min(scan.toMs, nowMs) - OVERLAP_MS
      for (let after = outboxIdsFrom(fromMs); ; ) {
        const page: NewEvent[] = await selectNewEvents(database.db, { appId, after, limit: PAGE })
        const last = page.at(-1)
        if (!last) break
        const playerIds = [...new Set(page.map((event) => event.user_id))]
        const sinceMs = Math.min(...page.map((event) => event.created_at_ms))
        await database.inTransaction((tx) => markWaiting(tx, { appId, playerIds, nowMs, sinceMs }))
        if (page.length < PAGE) break
        after = last.event_id
      }
      const isSaved = nowMs >= scan.savedMs && nowMs - scan.savedMs <= SAVE_EVERY_MS
      if (!isSaved) await database.inTransaction((tx) => saveScan(tx, { appId, scannedToMs: nowMs }))
      scans.set(appId, { toMs: nowMs, savedMs: isSaved ? scan.savedMs : nowMs })
    },

    async findMissed(signal) {
      let found = 0
      for (let barren = 0; barren < BARREN_PAGES_MAX && !signal.aborted; ) {
        const page = await selectPlayerEvents(database.db, { after: walkedTo, limit: PLAYERS_A_PAGE })
        const missed = page.filter((player) => wanted.has(player.app_id) && isMissed(player))
        for (const [appId, players] of Map.groupBy(missed, (player) => player.app_id)) {
          const playerIds = players.map((player) => player.user_id)
          const nowMs = clock.nowMs()
          const sinceMs = (await findOldestTime(database.db, playerIds)) ?? nowMs
          await database.inTransaction((tx) => markWaiting(tx, { appId, playerIds, nowMs, sinceMs }))
        }
        found += missed.length
        if (missed.length === 0) barren += 1
        const last = page.length < PLAYERS_A_PAGE ? undefined : page.at(-1)
        walkedTo = last?.user_id ?? (0 as PlayerId)
        if (!last) break
        await nextTurn()
      }
      return found
    },
  }
}

function isMissed({ event_seq, delivered_seq, due_at_ms }: PlayerEvents): boolean {
  return due_at_ms === null && event_seq > (delivered_seq ?? 0)
}
