import { bulkUpdate } from '../../db/bulk-update.ts'
import type { Db, Tx } from '../../db/database.ts'
import type { NewRow, Row } from '../../db/schema.ts'
import type { AppId, OutboxEventId, PlayerId } from '../../kernel/ids.ts'
import { type EndpointHealth, WELL } from './delivery-rules.ts'

export type NewEvent = Pick<Row<'outbox_events'>, 'event_id' | 'user_id' | 'created_at_ms'>

/** Events behind an id whose players nobody knows to be waiting, in the order of their ids. */
export async function selectNewEvents(
  db: Db,
  { appId, after, limit }: { appId: AppId; after: OutboxEventId; limit: number },
): Promise<NewEvent[]> {
  return await db
    .selectFrom('outbox_events as e')
    .leftJoin('outbox_cursors as c', 'c.user_id', 'e.user_id')
    .select(['e.event_id', 'e.user_id', 'e.created_at_ms'])
    .where('e.event_id', '>', after)
    .where('e.app_id', '=', appId)
    .where((eb) =>
      eb.or([
        eb('c.user_id', 'is', null),
        eb.and([eb('c.due_at_ms', 'is', null), eb('c.delivered_seq', '<', eb.ref('e.event_seq'))]),
      ]),
    )
    .orderBy('e.event_id')
    .limit(limit)
    .execute()
}

/** How far the events of a page of players go, and whether anybody knows that they wait. */
export interface PlayerEvents {
  readonly user_id: PlayerId
  readonly app_id: AppId
  readonly event_seq: number
  /** Null: not one was ever seen. */
  readonly delivered_seq: number | null
  readonly due_at_ms: number | null
}

export async function selectPlayerEvents(
  db: Db,
  { after, limit }: { after: PlayerId; limit: number },
): Promise<PlayerEvents[]> {
  return await db
    .selectFrom('users as u')
    .leftJoin('outbox_cursors as c', 'c.user_id', 'u.user_id')
    .select(['u.user_id', 'u.app_id', 'u.event_seq', 'c.delivered_seq', 'c.due_at_ms'])
    .where('u.user_id', '>', after)
    .orderBy('u.user_id')
    .limit(limit)
    .execute()
}

/** When the oldest of the next events of some players was written; null where not one of them has any. */
export async function findOldestTime(db: Db, playerIds: readonly PlayerId[]): Promise<number | null> {
  const row = await db
    .selectFrom('users as u')
    .leftJoin('outbox_cursors as c', 'c.user_id', 'u.user_id')
    .innerJoin('outbox_events as e', (join) =>
      join
        .onRef('e.user_id', '=', 'u.user_id')
        .on((eb) => eb('e.event_seq', '=', eb(eb.fn.coalesce('c.delivered_seq', eb.lit(0)), '+', 1))),
    )
    .select((eb) => eb.fn.min('e.created_at_ms').as('oldest'))
    .where('u.user_id', 'in', playerIds)
    .executeTakeFirst()
  return row?.oldest ?? null
}

/** Notes that players have events to be delivered; who is known to be waiting already is left as they are. */
export async function markWaiting(
  tx: Tx,
  {
    appId,
    playerIds,
    nowMs,
    sinceMs,
  }: { appId: AppId; playerIds: readonly PlayerId[]; nowMs: number; sinceMs: number },
): Promise<void> {
  const waiting = { due_at_ms: nowMs, waiting_since_ms: sinceMs }
  const fresh = { app_id: appId, delivered_seq: 0, attempts: 0, leased_until_ms: 0, ...waiting }
  await tx
    .insertInto('outbox_cursors')
    .values(playerIds.map((user_id) => ({ user_id, ...fresh })))
    .onDuplicateKeyUpdate((eb) => ({ user_id: eb.ref('user_id') }))
    .execute()
  await tx
    .updateTable('outbox_cursors')
    .set(waiting)
    .where('user_id', 'in', playerIds)
    .where('due_at_ms', 'is', null)
    .execute()
}

/** Players whose next event is due, whoever has been due for longest first. */
export async function selectDue(
  db: Db,
  { appId, nowMs, limit }: { appId: AppId; nowMs: number; limit: number },
): Promise<PlayerId[]> {
  const rows = await db
    .selectFrom('outbox_cursors')
    .select('user_id')
    .where('app_id', '=', appId)
    .where('due_at_ms', '<=', nowMs)
    .where('leased_until_ms', '<=', nowMs)
    .orderBy('due_at_ms')
    .limit(limit)
    .execute()
  return rows.map((row) => row.user_id)
}

export type Cursor = Row<'outbox_cursors'>

/** Takes those of some players who are still due; of several processes one gets each. */
export async function leaseDue(
  tx: Tx,
  { playerIds, nowMs, leasedUntilMs }: { playerIds: readonly PlayerId[]; nowMs: number; leasedUntilMs: number },
): Promise<Cursor[]> {
  const due = await tx
    .selectFrom('outbox_cursors')
    .selectAll()
    .where('user_id', 'in', playerIds)
    .where('due_at_ms', '<=', nowMs)
    .where('leased_until_ms', '<=', nowMs)
    .orderBy('user_id')
    .forUpdate()
    .execute()
  const ids = due.map((cursor) => cursor.user_id)
  if (ids.length === 0) return []
  await tx.updateTable('outbox_cursors').set({ leased_until_ms: leasedUntilMs }).where('user_id', 'in', ids).execute()
  return due
}

/**
 * The next events of some players, some of each, in no order. Each range is spelled out: joined to the cursors, MySQL
 * would read through all that a player ever had.
 */
export async function selectNextEvents(
  db: Db,
  { cursors, limitEach }: { cursors: readonly Cursor[]; limitEach: number },
): Promise<Row<'outbox_events'>[]> {
  return await db
    .selectFrom('outbox_events')
    .selectAll()
    .where((eb) =>
      eb.or(
        cursors.map(({ user_id, delivered_seq }) =>
          eb.and([
            eb('user_id', '=', user_id),
            eb('event_seq', '>', delivered_seq),
            eb('event_seq', '<=', delivered_seq + limitEach),
          ]),
        ),
      ),
    )
    .execute()
}

/** The number of the last event of each of some players. */
export async function selectLastNumbers(tx: Tx, playerIds: readonly PlayerId[]): Promise<Map<PlayerId, number>> {
  const rows = await tx.selectFrom('users').select(['user_id', 'event_seq']).where('user_id', 'in', playerIds).execute()
  return new Map(rows.map((row) => [row.user_id, row.event_seq]))
}

const OUTCOME = ['delivered_seq', 'due_at_ms', 'waiting_since_ms', 'attempts', 'leased_until_ms'] as const

/** Writes down what came of a wave; of players whose lease went to another process nothing. */
export async function saveCursors(
  tx: Tx,
  { rows, leasedUntilMs }: { rows: readonly NewRow<'outbox_cursors'>[]; leasedUntilMs: number },
): Promise<void> {
  await bulkUpdate(tx, {
    table: 'outbox_cursors',
    key: 'user_id',
    columns: OUTCOME,
    scope: { leased_until_ms: leasedUntilMs },
    rows,
  })
}

/** Lets every player whose event was not taken try at once: the endpoint is well again. */
export async function makeAllDue(tx: Tx, { appId, nowMs }: { appId: AppId; nowMs: number }): Promise<void> {
  await tx
    .updateTable('outbox_cursors')
    .set({ due_at_ms: nowMs })
    .where('app_id', '=', appId)
    .where('due_at_ms', '>', nowMs)
    .execute()
}

/** How an endpoint is doing, and up to where its events were looked through; null where none ever was. */
export async function findEndpoint(
  db: Db,
  appId: AppId,
): Promise<{ health: EndpointHealth; scannedToMs: number } | null> {
  const row = await db.selectFrom('outbox_endpoints').selectAll().where('app_id', '=', appId).executeTakeFirst()
  return row ? { health: healthOf(row), scannedToMs: row.scanned_to_ms } : null
}

/** The same, held until the transaction ends. */
export async function lockHealth(tx: Tx, appId: AppId): Promise<EndpointHealth> {
  const query = tx.selectFrom('outbox_endpoints').selectAll().where('app_id', '=', appId)
  const row = await query.forUpdate().executeTakeFirst()
  return row ? healthOf(row) : WELL
}

function healthOf(row: Row<'outbox_endpoints'>): EndpointHealth {
  const { failures, failing_since_ms: failingSinceMs, paused_until_ms: pausedUntilMs } = row
  return { failures, failingSinceMs, pausedUntilMs }
}

export async function saveHealth(tx: Tx, appId: AppId, health: EndpointHealth): Promise<void> {
  const { failures, failingSinceMs, pausedUntilMs } = health
  await tx
    .updateTable('outbox_endpoints')
    .set({ failures, failing_since_ms: failingSinceMs, paused_until_ms: pausedUntilMs })
    .where('app_id', '=', appId)
    .execute()
}

/** Makes the endpoint's row if there is none, and notes up to where its events were looked through. */
export async function saveScan(tx: Tx, { appId, scannedToMs }: { appId: AppId; scannedToMs: number }): Promise<void> {
  await tx
    .insertInto('outbox_endpoints')
    .values({ app_id: appId, failures: 0, failing_since_ms: 0, paused_until_ms: 0, scanned_to_ms: scannedToMs })
    .onDuplicateKeyUpdate((eb) => ({ app_id: eb.ref('app_id') }))
    .execute()
  await tx.updateTable('outbox_endpoints').set({ scanned_to_ms: scannedToMs }).where('app_id', '=', appId).execute()
}

// A backlog beyond it is told as this: counting it exactly would cost more at every look, and changes no decision.
const COUNTED_MAX = 10_000

/** What an app's game server has not taken yet. */
export interface Backlog {
  /** How many players have events that wait; ten thousand at most. */
  readonly players: number
  /** Since when the oldest of these events has been waiting; null: none waits. */
  readonly waitingSinceMs: number | null
}

export async function readBacklog(db: Db, appId: AppId): Promise<Backlog> {
  const waiting = db
    .selectFrom('outbox_cursors')
    .select('waiting_since_ms')
    .where('app_id', '=', appId)
    .where('waiting_since_ms', 'is not', null)
    .orderBy('waiting_since_ms')
    .limit(COUNTED_MAX)
  const row = await db
    .selectFrom(waiting.as('w'))
    .select((eb) => [eb.fn.countAll().as('players'), eb.fn.min('waiting_since_ms').as('waitingSinceMs')])
    .executeTakeFirstOrThrow()
  return { players: Number(row.players), waitingSinceMs: row.waitingSinceMs }
}
