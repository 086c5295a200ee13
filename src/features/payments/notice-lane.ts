import { promisify } from 'node:util'
import type { VerifiedNotice } from '../../channels/channel.ts'
import { StorageUnavailable } from '../../db/errors.ts'
import { type AppliedNotice, applyNotice } from './apply-notice.ts'
import type { SettleDeps } from './settle-payments.ts'

/** Takes refunds and disputes, and books a few at a time. */
export interface NoticeLane {
  /** @throws StorageUnavailable when the database is out of reach or too many wait already, and what broke the booking. */
  book(notice: VerifiedNotice): Promise<AppliedNotice>
}

// Each has a transaction of its own, and a platform may send thousands in a minute: more at once would take the pool's
// connections, or the one writer of SQLite, from the payments that share theirs.
const AT_ONCE_MAX = 3
// Some seconds of work for a busy server. A platform sends what is refused again later.
const WAITING_MAX = 2_000

// An embedded database answers without ever giving the event loop a turn: one refund after the other would be booked
// before a payment is even read.
const nextTurn = promisify(setImmediate)

/** First come, first served; a place that is free is given to whoever has waited longest. */
export function openNoticeLane(
  deps: SettleDeps,
  apply: (deps: SettleDeps, notice: VerifiedNotice) => Promise<AppliedNotice> = applyNotice,
): NoticeLane {
  const waiting: (() => void)[] = []
  let running = 0
  return {
    async book(notice) {
      if (waiting.length >= WAITING_MAX) {
        throw new StorageUnavailable('more refunds and disputes wait than the database books: send it again later')
      }
      if (running === AT_ONCE_MAX) await new Promise<void>((resolve) => waiting.push(resolve))
      else running += 1
      try {
        await nextTurn()
        return await apply(deps, notice)
      } finally {
        const next = waiting.shift()
        if (next) next()
        else running -= 1
      }
    },
  }
}
