import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { sql } from 'kysely'
import type { Database } from '../../src/db/database.ts'
import type { NewRow } from '../../src/db/schema.ts'
import {
  type Cursor,
  leaseDue,
  readBacklog,
  selectDue,
  selectNewEvents,
  selectNextEvents,
  selectPlayerEvents,
} from '../../src/features/outbox/delivery-queries.ts'
import { type AppId, newOutboxEventId, outboxIdsFrom, type PlayerId } from '../../src/kernel/ids.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { assertByIndex, plansOf } from '../support/query-plans.ts'
import { APP_ID } from '../support/test-app.ts'

const appId = APP_ID as AppId
const nowMs = fakeClock().nowMs()
const [PLAYERS, EVENTS_EACH] = [5_000, 3]
const playerAt = (n: number) => (700_000 + n) as PlayerId

/** Many players whose events were all delivered, but for some who wait; and a few events that nobody has seen yet. */
async function fill({ inTransaction, engine, db }: Database): Promise<void> {
  const player = { app_id: appId, status: 'active' as const, user_name: '', avatar_url: '', level_hundredths: 0 }
  const empty = { vip_level: 0, coins: 0, tokens: 0, inbox_coins: 0, inbox_tokens: 0, ledger_seq: 0, chain_hash: '' }
  const event = { app_id: appId, type: 'player.noted', order_id: null, state_version: null, payload: '{}' }
  for (let from = 0; from < PLAYERS; from += 500) {
    const ids = Array.from({ length: 500 }, (_, n) => playerAt(from + n))
    const users = ids.map((user_id) => ({
      ...{ user_id, ...player, ...empty, event_seq: EVENTS_EACH, created_at_ms: 1 },
    }))
    const events = ids.flatMap((user_id, n): NewRow<'outbox_events'>[] =>
      Array.from({ length: EVENTS_EACH }, (_, seq) => {
        const isNew = from === 0 && n < 20 && seq + 1 === EVENTS_EACH
        const created_at_ms = isNew ? nowMs : nowMs - 1_000 * (from + n + 60)
        return { user_id, event_seq: seq + 1, event_id: newOutboxEventId(created_at_ms), ...event, created_at_ms }
      }),
    )
    const cursors = ids.map((user_id, n) => {
      const waits = from + n >= PLAYERS - 200
      const delivered_seq = waits || (from === 0 && n < 20) ? EVENTS_EACH - 1 : EVENTS_EACH
      const due = waits ? nowMs - n : null
      const state = { due_at_ms: due, waiting_since_ms: due, attempts: 0, leased_until_ms: 0 }
      return { user_id, app_id: appId, delivered_seq, ...state }
    })
    await inTransaction(async (tx) => {
      await tx.insertInto('users').values(users).execute()
      await tx.insertInto('outbox_events').values(events).execute()
      await tx.insertInto('outbox_cursors').values(cursors).execute()
    })
  }
  if (engine === 'sqlite') await inTransaction((tx) => sql`analyze`.execute(tx))
  else await sql`analyze table users, outbox_events, outbox_cursors`.execute(db)
}

function cursorsOf({ db }: Database, playerIds: readonly PlayerId[]): Promise<Cursor[]> {
  return db.selectFrom('outbox_cursors').selectAll().where('user_id', 'in', playerIds).execute()
}

onEveryEngine(
  (on) => {
    before(() => fill(on.app.service.database))
    const plans = (work: (database: Database) => Promise<unknown>) => plansOf(on.app.service.database, work)

    test('new events are read from the end of the index over their ids', async () => {
      const found = await plans(async ({ db }) => {
        const page = await selectNewEvents(db, { appId, after: outboxIdsFrom(nowMs - 15_000), limit: 500 })
        assert.equal(page.length, 20)
      })
      assert.equal(found.length, 1)
      assertByIndex(found, 'outbox_events')
      assert.match(found.join(), /outbox_events_id|sqlite_autoindex_outbox_events_2|event_id>/)
    })

    test('who is due, and how much waits, is read from an index in its order', async () => {
      const due = await plans(async ({ db }) => {
        assert.equal((await selectDue(db, { appId, nowMs, limit: 32 })).length, 32)
      })
      assertByIndex(due, 'outbox_cursors_due')
      const backlog = await plans(async ({ db }) => {
        assert.deepEqual(await readBacklog(db, appId), { players: 200, waitingSinceMs: nowMs - 499 })
      })
      assert.match(backlog.join(), /outbox_cursors_waiting/)
      assert.doesNotMatch(backlog.join(), /filesort|TEMP B-TREE/i)
    })

    test('the events of a wave, their lease, and the walk over all players go by primary keys', async () => {
      const playerIds = Array.from({ length: 32 }, (_, n) => playerAt(PLAYERS - 1 - n))
      const cursors = await cursorsOf(on.app.service.database, playerIds)
      const found = await plans(async ({ db }) => {
        assert.equal((await selectNextEvents(db, { cursors, limitEach: 20 })).length, 32)
        assert.equal((await selectPlayerEvents(db, { after: playerAt(1_000), limit: 1_000 })).length, 1_000)
      })
      assert.equal(found.length, 2)
      const key = on.app.service.database.engine === 'sqlite' ? 'SEARCH' : 'PRIMARY'
      assertByIndex(found, key)
      // Of a player with years of events no more is read than goes out.
      assert.match(found[0] ?? '', /"type":"range"|event_seq>\? AND event_seq<\?/)
      const leased = await plans(({ inTransaction }) =>
        inTransaction((tx) => leaseDue(tx, { playerIds, nowMs, leasedUntilMs: nowMs + 1 })),
      )
      assert.equal(leased.length, 2)
      assertByIndex(leased, key)
    })
  },
  { clock: fakeClock() },
)
