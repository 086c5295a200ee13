import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { sql } from 'kysely'
import type { Database } from '../../src/db/database.ts'
import { listSecurityEvents, openSecurityTrail, sweepSecurityEvents } from '../../src/features/security/index.ts'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { assertByIndex, plansOf } from '../support/query-plans.ts'
import { APP_ID } from '../support/test-app.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const [EVENTS, PLAYERS] = [6_000, 60]
const PLAYER = 700_007 as PlayerId
const clock = fakeClock()

/** Fills a trail, its older half thirty-one days before its younger one, so that reading all of it is what nothing should do. */
async function fillTrail(database: Database): Promise<void> {
  const trail = openSecurityTrail({ database, clock, report: () => assert.fail('nothing is lost') })
  for (let n = 0; n < EVENTS; n++) {
    if (n === EVENTS / 2) clock.moveMs(31 * DAY_MS)
    clock.moveMs(1)
    const playerId = (700_000 + (n % PLAYERS)) as PlayerId
    trail.record({ kind: 'login', appId: APP_ID as AppId, playerId, provider: 'email', outcome: null, origin: null })
  }
  await trail.close()
  if (database.engine !== 'sqlite') await sql`analyze table security_events`.execute(database.db)
}

onEveryEngine(
  (on) => {
    before(() => fillTrail(on.app.service.database))

    test('a page of a player’s trail is read by key, the first and a later one', async () => {
      const plans = await plansOf(on.app.service.database, async ({ db }) => {
        const first = await listSecurityEvents(db, { playerId: PLAYER, limit: 10 })
        assert.ok(first.ok && first.value.rows.length === 10)
        const next = await listSecurityEvents(db, { playerId: PLAYER, limit: 10, cursor: first.value.nextCursor })
        assert.ok(next.ok && next.value.rows.length === 10)
      })
      assert.equal(plans.length, 2)
      assertByIndex(plans, 'security_events_of_user')
    })

    test('what is to be swept is found and removed by its time, and never by reading the trail', async () => {
      const plans = await plansOf(on.app.service.database, async (database) => {
        await sweepSecurityEvents({ database, clock, securityEventDays: 30 }, new AbortController().signal)
      })
      assert.equal(plans.length, 2)
      assertByIndex(plans, 'security_events_by_time')
    })
  },
  { clock },
)
