import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CompiledQuery, type KyselyPlugin, type RootOperationNode, sql } from 'kysely'
import type { Database, Db } from '../../src/db/database.ts'
import { listSecurityEvents, openSecurityTrail, sweepSecurityEvents } from '../../src/features/security/index.ts'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
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

/** Thrown once a transaction has said what it does: its queries are explained on the rows that it would have met. */
class Undone extends Error {}

/** The plans of the queries that some work makes up to the end of its first transaction, which is undone. */
async function plansOf(database: Database, work: (listening: Database) => Promise<unknown>): Promise<string[]> {
  const heard: RootOperationNode[] = []
  const ear: KyselyPlugin = {
    transformQuery: ({ node }) => {
      heard.push(node)
      return node
    },
    transformResult: async ({ result }) => result,
  }
  const listening: Database = {
    ...database,
    db: database.db.withPlugin(ear),
    inTransaction: (inside) =>
      database.inTransaction(async (tx) => {
        await inside(tx.withPlugin(ear))
        throw new Undone()
      }),
  }
  await work(listening).catch((error: unknown) => {
    if (!(error instanceof Undone)) throw error
  })
  const { db, engine } = database
  return await Promise.all(heard.map((node) => planOf(db, { node, explain: EXPLAIN[engine] })))
}

const EXPLAIN = { sqlite: 'explain query plan', mysql: 'explain', mariadb: 'explain' } as const

async function planOf(db: Db, { node, explain }: { node: RootOperationNode; explain: string }): Promise<string> {
  const query = db.getExecutor().compileQuery(node, { queryId: 'explained' })
  const { rows } = await db.executeQuery(CompiledQuery.raw(`${explain} ${query.sql}`, [...query.parameters]))
  return JSON.stringify(rows)
}

/** Found by an index, in its order: nothing is read through, and nothing is sorted. */
function assertByIndex(plans: readonly string[], index: string): void {
  assert.ok(plans.length > 0)
  for (const plan of plans) {
    assert.ok(plan.includes(index), plan)
    assert.doesNotMatch(plan, /"type":"(?:ALL|index)"|"SCAN|filesort|TEMP B-TREE/i)
  }
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
