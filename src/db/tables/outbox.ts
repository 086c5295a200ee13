import type { AppId, OrderId, OutboxEventId, PlayerId } from '../../kernel/ids.ts'

/** A fact waiting to be delivered to the game server. Rows are never deleted. */
export interface OutboxEventsTable {
  user_id: PlayerId
  event_seq: number
  /** Begins with its time, but for those of the first releases: the index over it finds what is new. */
  event_id: OutboxEventId
  app_id: AppId
  type: string
  /** The order whose state it records, with that order's state version: one event for each recorded change. */
  order_id: OrderId | null
  state_version: number | null
  payload: string
  created_at_ms: number
}

/** How far the game server has taken a player's events. Made when the first of them is seen; never by who writes it. */
export interface OutboxCursorsTable {
  user_id: PlayerId
  app_id: AppId
  /** The last event that was taken; the next one goes out first. */
  delivered_seq: number
  /** When the next event goes out; null: none that we know of. */
  due_at_ms: number | null
  /** Since when its oldest event has been waiting, or a little longer; null: none waits. */
  waiting_since_ms: number | null
  /** How often its next event was not taken. */
  attempts: number
  /** Until then one process is at it; also the mark by which that process writes down what came of it. */
  leased_until_ms: number
}

/** How an app's endpoint is doing, for all processes together. */
export interface OutboxEndpointsTable {
  app_id: AppId
  /** Attempts in a row of which none was taken. */
  failures: number
  /** Since when it has been failing; 0: it is not. */
  failing_since_ms: number
  /** Until then nothing goes out. */
  paused_until_ms: number
  /** New events were looked for up to here; it lags by a minute. */
  scanned_to_ms: number
}
