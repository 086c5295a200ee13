import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import { until } from '../../support/redis-server.ts'
import { assertBooksRight, type Deployment, deploy, recovers } from './deployment.ts'
import { asksToComeAgain, startTraffic, type Traffic } from './traffic.ts'

const OUTAGE_MS = 30_000
const CONNECTIONS_MAX = 40
const OPTIONS = [
  `--max-connections=${CONNECTIONS_MAX}`,
  '--innodb-file-per-table=OFF',
  '--innodb-autoextend-increment=1',
]
// Some hundred padded messages, once every table lives in one file that grows by as little as may be.
const ROOM_MB = 4
const PADDING_BYTES = 50_000

test('the database breaks under two workers that take payments, and nothing is lost or doubled', async (t) => {
  const deployment = await deploy(t, { mariadb: OPTIONS })
  if (!deployment) return
  const all: Traffic[] = []
  const during = async (
    name: string,
    fault: (about: { t: TestContext; traffic: Traffic }) => Promise<void>,
    load: { connections?: number; paddingBytes?: number } = {},
  ): Promise<void> => {
    await t.test(name, async (phase) => {
      const traffic = startTraffic(deployment, { name: `phase-${all.length}`, ...load })
      all.push(traffic)
      try {
        await traffic.progress(100)
        traffic.forget()
        await fault({ t: phase, traffic })
        const backAfterMs = await recovers(deployment)
        await traffic.progress(100)
        const { answered, refused, broken, slowestMs } = traffic
        phase.diagnostic(
          `answered ${answered}, 503 ${refused}, broken ${broken}, slowest ${slowestMs} ms, back after ${backAfterMs} ms`,
        )
        assert.equal(broken, 0, 'the service itself never hung up')
      } finally {
        await traffic.stop()
      }
      await traffic.redeliver()
      await assertBooksRight(phase, deployment, all)
    })
  }
  await during('kill -9 of MariaDB, three times, each time started again', (about) => killed(deployment, about))
  await during('MariaDB frozen for 30 s', (about) => frozen(deployment, about))
  await during('MariaDB shut down', (about) => shutDown(deployment, about))
  await during('every connection taken by others', (about) => crowdedOut(deployment, about))
  await during('deadlocks, provoked by somebody who locks in the opposite order', (about) =>
    deadlocked(deployment, about),
  )
  await during('MariaDB turned read-only', (about) => readOnly(deployment, about))
  await during('a full disk under MariaDB', (about) => diskFull(deployment, about), { paddingBytes: PADDING_BYTES })
  assert.deepEqual(await deployment.server.kill('SIGTERM'), { code: 0, signal: null })
})

/** The database is gone: payments are refused in time, and so is what only reads. */
async function assertFelt({ server, token, uids }: Deployment, traffic: Traffic): Promise<void> {
  const before = traffic.refused
  await until(async () => traffic.refused >= before + 20, { withinMs: 45_000 })
  const history = await server.call('GET', `/api/v1/orders/history?uid=${uids[0]}`, { token })
  assert.ok(asksToComeAgain(history), JSON.stringify(history.body))
  assert.equal((await server.call('GET', '/health')).status, 200)
  const ready = await server.call('GET', '/ready')
  assert.equal(ready.status, 503)
  assert.equal(ready.body.checks.database.status, 'down')
  assert.equal(ready.body.checks.sessions.status, 'ok')
}

async function killed(deployment: Deployment, { traffic }: { traffic: Traffic }): Promise<void> {
  for (let kill = 1; kill <= 3; kill++) {
    await traffic.progress(60)
    await deployment.mariadb.kill9()
    await assertFelt(deployment, traffic)
    await deployment.mariadb.start()
  }
}

async function frozen(deployment: Deployment, { t, traffic }: { t: TestContext; traffic: Traffic }): Promise<void> {
  const startedMs = performance.now()
  deployment.mariadb.pause()
  try {
    await assertFelt(deployment, traffic)
    // The outage itself is what is waited for: as long as the contract says.
    await pause(Math.max(0, OUTAGE_MS - (performance.now() - startedMs)))
  } finally {
    deployment.mariadb.resume()
  }
  t.diagnostic(`during the outage: 503 ${traffic.refused}, the slowest after ${traffic.slowestMs} ms`)
}

async function shutDown(deployment: Deployment, { traffic }: { traffic: Traffic }): Promise<void> {
  await deployment.mariadb.stop()
  await assertFelt(deployment, traffic)
  await deployment.mariadb.start()
}

/** Takes every place as soon as it is free, and ends the service's own sessions so that it needs new ones. */
async function crowdedOut(deployment: Deployment, { t, traffic }: { t: TestContext; traffic: Traffic }): Promise<void> {
  const { mariadb } = deployment
  // It was there before the crowd.
  const operator = await createConnection({ host: '127.0.0.1', port: mariadb.port, user: 'root' })
  t.after(() => operator.destroy())
  const crowd = gatherCrowd(mariadb.url)
  try {
    // Again and again: the service and the crowd run for the same places, until the crowd has them all.
    await until(
      async () => {
        const [rows] = await operator.query("select id from information_schema.processlist where db = 'payments'")
        const sessions = rows as { id: number }[]
        for (const { id } of sessions) await operator.query(`kill ${id}`).catch(() => {})
        // The operator has the last one.
        return crowd.size() === CONNECTIONS_MAX - 1
      },
      { withinMs: 30_000 },
    )
    await assertFelt(deployment, traffic)
  } finally {
    await crowd.leave()
  }
}

/** Connections to the server, but not to the schema: by that they are told from the service's. */
function gatherCrowd(url: string): { size(): number; leave(): Promise<void> } {
  const { port, username, password } = new URL(url)
  const guests: Connection[] = []
  let going = true
  const gathering = (async () => {
    while (going) {
      try {
        const guest = await createConnection({ host: '127.0.0.1', port: Number(port), user: username, password })
        guest.on('error', () => {})
        guests.push(guest)
      } catch {
        await pause(5)
      }
    }
  })()
  const leave = async (): Promise<void> => {
    going = false
    await gathering
    for (const guest of guests) guest.destroy()
  }
  return { size: () => guests.length, leave }
}

/** Locks players before orders, and from the last to the first, where the service goes the other way. */
async function deadlocked(
  { mariadb }: Deployment,
  { t, traffic }: { t: TestContext; traffic: Traffic },
): Promise<void> {
  const deadlocks = async (): Promise<number> =>
    Number((await mariadb.ask("show global status like 'Innodb_deadlocks'"))[0]?.['Value'])
  const before = await deadlocks()
  const { username, password } = new URL(mariadb.url)
  const rival = await createConnection({
    host: '127.0.0.1',
    port: mariadb.port,
    user: username,
    password,
    database: 'payments',
  })
  t.after(() => rival.destroy())
  await until(
    async () => {
      try {
        await rival.query('start transaction')
        const [rows] = await rival.query('select user_id from users order by user_id desc')
        for (const { user_id: id } of rows as { user_id: number }[]) {
          await rival.query('update users set user_name = user_name where user_id = ?', [id])
        }
        await rival.query('select order_id from orders order by created_at_ms desc limit 20 for update')
        await rival.query('select payment_id from payments order by payment_id desc limit 20 for update')
      } catch (error) {
        assert.ok([1213, 1205].includes((error as { errno: number }).errno), String(error))
      }
      await rival.query('rollback')
      return (await deadlocks()) >= before + 20
    },
    { withinMs: 30_000 },
  )
  t.diagnostic(`${(await deadlocks()) - before} deadlocks; 503 for ${traffic.refused} payments`)
}

async function readOnly(deployment: Deployment, { traffic }: { traffic: Traffic }): Promise<void> {
  const { mariadb, server, token, uids } = deployment
  await mariadb.ask('set global read_only = 1')
  try {
    const before = traffic.refused
    await until(async () => traffic.refused >= before + 20, { withinMs: 30_000 })
    const history = await server.call('GET', `/api/v1/orders/history?uid=${uids[0]}`, { token })
    assert.equal(history.status, 200, 'what only reads goes on')
  } finally {
    await mariadb.ask('set global read_only = 0')
  }
}

/** The file that holds every table may not grow any more: what a full disk is to InnoDB, without filling one. */
async function diskFull({ mariadb }: Deployment, { t, traffic }: { t: TestContext; traffic: Traffic }): Promise<void> {
  const sizeMb = Math.ceil(statSync(join(mariadb.dataDirectory, 'ibdata1')).size / 1024 / 1024)
  await mariadb.stop()
  await mariadb.start([...OPTIONS, `--innodb-data-file-path=ibdata1:10M:autoextend:max:${sizeMb + ROOM_MB}M`])
  await traffic.progress(10)
  const before = traffic.refused
  await until(async () => traffic.refused >= before + 20, { withinMs: 60_000 })
  t.diagnostic(`full after ${traffic.answered} payments`)
  await mariadb.stop()
  await mariadb.start()
}
