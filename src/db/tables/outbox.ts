import type { AppId, OrderId, OutboxEventId, PlayerId } from '../../kernel/ids.ts'

/** A fact waiting to be delivered to the game server. Rows are never deleted. */
export interface OutboxEventsTable {
  user_id: PlayerId
  event_seq: number
  event_id: OutboxEventId
  app_id: AppId
  type: string
  /** The order whose state it records, with that order's state version: one event for each recorded change. */
  order_id: OrderId | null
  state_version: number | null
  payload: string
  created_at_ms: number
}
