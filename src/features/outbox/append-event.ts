import type { NewRow } from '../../db/schema.ts'
import { type AppId, newOutboxEventId, type OrderId, type PlayerId } from '../../kernel/ids.ts'

/** What the outbox needs of a locked player: the number of the last event, which it advances. */
export interface EventSequence {
  readonly user_id: PlayerId
  readonly app_id: AppId
  event_seq: number
}

/** A fact for the game server. `order` ties it to the recorded change of an order's state that it tells of. */
export interface EventDraft {
  readonly type: string
  readonly order: { readonly orderId: OrderId; readonly stateVersion: number } | null
  readonly payload: Readonly<Record<string, unknown>>
  readonly nowMs: number
}

/**
 * Gives the event the player's next number. The caller holds the player's lock and saves both in its transaction, so
 * the numbers run from 1 without a gap and the game server can tell what it missed.
 */
export function appendEvent(player: EventSequence, draft: EventDraft): NewRow<'outbox_events'> {
  player.event_seq += 1
  return {
    user_id: player.user_id,
    event_seq: player.event_seq,
    event_id: newOutboxEventId(draft.nowMs),
    app_id: player.app_id,
    type: draft.type,
    order_id: draft.order?.orderId ?? null,
    state_version: draft.order?.stateVersion ?? null,
    payload: JSON.stringify(draft.payload),
    created_at_ms: draft.nowMs,
  }
}
