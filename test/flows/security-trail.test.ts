import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { StorageUnavailable } from '../../src/db/errors.ts'
import { listSecurityEvents, openSecurityTrail, type TrailDeps } from '../../src/features/security/index.ts'
import type { AppId, PlayerId } from '../../src/kernel/ids.ts'
import type { SecurityEvent } from '../../src/kernel/security-event.ts'
import { assertDone } from '../support/answers.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { APP_ID, startApp, type TestApp } from '../support/test-app.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const clock = fakeClock()

let lastPlayer = 900_000
const newPlayer = (): PlayerId => ++lastPlayer as PlayerId

const eventOf = (playerId: PlayerId, more: Partial<SecurityEvent> = {}): SecurityEvent => ({
  ...{ kind: 'login', appId: APP_ID as AppId, playerId, provider: 'email', outcome: null },
  origin: { address: '203.0.113.7', userAgent: 'Game/1.0', deviceId: null, requestId: 'r-1' },
  ...more,
})

/** Everything of a player's trail, page by page. */
async function trailOf(app: TestApp, playerId: PlayerId, limit = 100) {
  const rows = []
  let cursor: string | null = null
  do {
    const page = await listSecurityEvents(app.service.database.db, { playerId, limit, cursor })
    assert.ok(page.ok)
    rows.push(...page.value.rows)
    cursor = page.value.nextCursor
  } while (cursor !== null)
  return rows
}

const metric = async (app: TestApp, line: string): Promise<string | undefined> =>
  String((await app.call('GET', '/metrics')).body)
    .split('\n')
    .find((each) => each.startsWith(`${line} `))
    ?.slice(line.length + 1)

onEveryEngine(
  (on) => {
    test('what happened to a player is read newest first, page by page, and nobody else’s is among it', async () => {
      const { trail } = on.app.service
      const [playerId, other] = [newPlayer(), newPlayer()]
      for (let n = 0; n < 25; n++) {
        trail.record(eventOf(playerId, { provider: `p${n}` }))
        trail.record(eventOf(other))
        // Several at one moment must not be lost between two pages.
        if (n % 4 === 3) clock.moveMs(1000)
      }
      await trail.flush()
      for (const limit of [1, 3, 24, 25, 100]) {
        const rows = await trailOf(on.app, playerId, limit)
        assert.equal(rows.length, 25, `pages of ${limit}`)
        assert.equal(new Set(rows.map((row) => row.event_id)).size, 25)
        assert.deepEqual(
          rows.map((row) => row.at_ms),
          rows.map((row) => row.at_ms).toSorted((a, b) => b - a),
        )
        assert.deepEqual(rows[0]?.provider, 'p24')
      }
      const wrong = await listSecurityEvents(on.app.service.database.db, { playerId, limit: 1, cursor: 'x' })
      assert.ok(!wrong.ok && wrong.refusal.code === 'invalid_fields')
    })

    test('a trail of thousands is written in batches, and closing it leaves nothing behind', async () => {
      const { database } = on.app.service
      const playerId = newPlayer()
      const trail = openSecurityTrail({ database, clock, report: () => assert.fail('nothing is lost') })
      for (let n = 0; n < 2500; n++) trail.record(eventOf(playerId))
      await trail.close()
      assert.equal((await trailOf(on.app, playerId)).length, 2500)
    })

    test('events are kept for as many days as is said, and then swept by the job', async () => {
      const { database, trail, jobs } = on.app.service
      const playerId = newPlayer()
      for (let n = 0; n < 1203; n++) trail.record(eventOf(playerId))
      await trail.flush()
      clock.moveMs(10 * DAY_MS)
      trail.record(eventOf(playerId, { provider: 'younger' }))
      await trail.flush()
      clock.moveMs(20 * DAY_MS)
      await jobs.run('sweep-security-events')
      assert.equal((await trailOf(on.app, playerId)).length, 1204, 'thirty days are not over yet')
      clock.moveMs(1)
      assert.ok((await jobs.run('sweep-security-events')) >= 1203)
      assert.deepEqual(
        (await trailOf(on.app, playerId)).map((row) => row.provider),
        ['younger'],
      )
      assert.equal(await jobs.run('sweep-security-events'), 0)
      assert.ok((await database.db.selectFrom('security_events').selectAll().execute()).length > 0)
    })

    test('metrics count events by kind and outcome, and name no player', async () => {
      const playerId = newPlayer()
      on.app.service.trail.record(eventOf(playerId, { kind: 'linked' }))
      for (let n = 0; n < 3; n++) {
        on.app.service.trail.record(eventOf(playerId, { kind: 'link_failed', outcome: 'identity_taken' }))
      }
      assert.equal(await metric(on.app, 'security_events_total{kind="linked",outcome="ok"}'), '1')
      assert.equal(await metric(on.app, 'security_events_total{kind="link_failed",outcome="identity_taken"}'), '3')
      assert.equal(await metric(on.app, 'security_events_lost_total'), '0')
      assert.equal(String((await on.app.call('GET', '/metrics')).body).includes(String(playerId)), false)
    })
  },
  { clock, variables: { SECURITY_EVENT_DAYS: '30' } },
)

/** A setting of the connection that writes: the file may not grow past this many pages. */
async function limitPages(app: TestApp, pages: number): Promise<void> {
  await app.service.database.inTransaction((tx) => sql.raw(`pragma max_page_count = ${pages}`).execute(tx))
}

test('events wait for a database that takes nothing for a moment, and none is lost or written twice', async (t) => {
  const app = await startApp({ clock })
  t.after(() => app.close())
  const { trail } = app.service
  const playerId = newPlayer()
  await limitPages(app, 1)
  for (let n = 0; n < 1000; n++) trail.record(eventOf(playerId))
  await trail.flush()
  assert.ok((await trailOf(app, playerId)).length < 1000, 'the fault was felt')
  assertDone(await app.call('POST', '/api/v1/token', { body: { appId: APP_ID } }))
  for (let n = 0; n < 500; n++) trail.record(eventOf(playerId))
  await limitPages(app, 1_073_741_823)
  await trail.flush()
  assert.equal((await trailOf(app, playerId)).length, 1500)
  assert.equal(await metric(app, 'security_events_lost_total'), '0')
})

test('a trail that cannot be written keeps a bounded number, counts what it loses, and tells of it once a minute', async (t) => {
  const app = await startApp({ clock })
  t.after(() => app.close())
  const { database } = app.service
  const reports: { error: unknown; lost: number }[] = []
  let lost = 0
  const observer: TrailDeps['observer'] = {
    count: () => {},
    countLost: (more) => {
      lost += more
    },
    watch: async () => {},
  }
  const trail = openSecurityTrail({ database, clock, observer, report: (failure) => reports.push(failure) })
  const playerId = newPlayer()
  await limitPages(app, 1)
  for (let n = 0; n < 13_000; n++) trail.record(eventOf(playerId))
  assert.deepEqual([lost, reports.map((report) => report.lost)], [3000, [1]])
  clock.moveMs(60_000)
  trail.record(eventOf(playerId))
  assert.deepEqual([lost, reports.map((report) => report.lost)], [3001, [1, 3000]])
  await trail.close()
  const kept = (await trailOf(app, playerId)).length
  assert.equal(lost, 13_001 - kept)
  assert.equal(
    reports.reduce((sum, report) => sum + report.lost, 0),
    lost,
  )
  assert.equal(reports.length, 3)
  assert.ok(reports.at(-1)?.error instanceof StorageUnavailable)
})

test('a batch whose commit was not answered is written once, however often it is tried', async (t) => {
  const app = await startApp({ clock })
  t.after(() => app.close())
  const { database } = app.service
  const playerId = newPlayer()
  let breaks = 1
  const trail = openSecurityTrail({
    // As when the wire breaks right after the commit.
    database: {
      ...database,
      inTransaction: async (work) => {
        const done = await database.inTransaction(work)
        if (breaks-- > 0) throw new StorageUnavailable('the wire broke')
        return done
      },
    },
    ...{ clock, report: () => assert.fail('nothing is lost') },
  })
  for (let n = 0; n < 300; n++) trail.record(eventOf(playerId))
  await trail.flush()
  await trail.flush()
  await trail.close()
  assert.equal((await trailOf(app, playerId)).length, 300)
})
