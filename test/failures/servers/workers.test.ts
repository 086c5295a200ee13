import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { assertDone, assertRefused } from '../../support/answers.ts'
import { connectRaw } from '../../support/raw-connection.ts'
import { until } from '../../support/redis-server.ts'
import { APP_ID, payment } from '../../support/test-app.ts'
import {
  assertBooksRight,
  callAfresh,
  type Deployment,
  deploy,
  FRESH_CALLS,
  isAlive,
  recovers,
  workersOf,
} from './deployment.ts'
import { startTraffic, type Traffic } from './traffic.ts'

// What the contract gives an edit of the catalogue to be seen by every worker.
const STALE_AT_MOST_MS = 1_000

test('two workers on one port serve as one, and neither their deaths nor their end lose a payment', async (t) => {
  const deployment = await deploy(t)
  if (!deployment) return
  const all: Traffic[] = []
  const underLoad = async (
    name: string,
    fault: (about: { t: TestContext; traffic: Traffic }) => Promise<void>,
  ): Promise<void> => {
    await t.test(name, async (phase) => {
      const traffic = startTraffic(deployment, { name: `phase-${all.length}` })
      all.push(traffic)
      try {
        await traffic.progress(100)
        await fault({ t: phase, traffic })
        await recovers(deployment)
        await traffic.progress(100)
      } finally {
        await traffic.stop()
      }
      phase.diagnostic(`answered ${traffic.answered}, 503 ${traffic.refused}, broken off ${traffic.broken}`)
      await traffic.redeliver()
      await assertBooksRight(phase, deployment, all)
    })
  }
  await underLoad('a worker is killed, then the other, then both at once', (about) => killWorkers(deployment, about))
  await underLoad('the supervisor is killed', (about) => killSupervisor(deployment, about))
  await underLoad('SIGTERM', (about) => stopGently(deployment, about))
  await underLoad('SIGTERM twice', () => stopTwice(deployment))
  await t.test('an edit of the catalogue by somebody else is served by every worker within a second', () =>
    editCatalogue(deployment),
  )
  await t.test('the metrics are those of both workers, whichever is asked', () => readMetrics(deployment))
  await t.test('races between two workers have one winner', (phase) => race(phase, deployment))
})

async function killWorkers({ server }: Deployment, { traffic }: { traffic: Traffic }): Promise<void> {
  const [first, second] = await workersOf(server)
  assert.ok(first && second, 'there are two workers')
  for (const victim of [first, second]) {
    process.kill(victim, 'SIGKILL')
    await until(async () => !isAlive(victim))
    // The other goes on alone, and then a new one stands beside it.
    await traffic.progress(20)
    await until(async () => (await workersOf(server)).length === 2)
    await until(async () => server.stdout().includes('a worker died'))
  }
  for (const victim of await workersOf(server)) process.kill(victim, 'SIGKILL')
  await traffic.progress(100)
}

async function killSupervisor({ server }: Deployment, { traffic }: { traffic: Traffic }): Promise<void> {
  const workers = await workersOf(server)
  assert.equal(workers.length, 2)
  const finishCall = await beginCall(server.url)
  server.signal('SIGKILL')
  await until(async () => (await callAfresh(`${server.url}/health`).catch(() => null)) === null)
  // Nobody hands them connections any more, but what they had taken they answer.
  assert.match(await finishCall(), /^HTTP\/1\.1 200 /)
  await until(async () => !workers.some(isAlive))
  await server.exited()
  const { answered } = traffic
  await server.start()
  assert.ok(answered < traffic.orders().length)
}

/** A call that a worker has begun to read and cannot answer before the rest of its body comes. */
async function beginCall(url: string): Promise<() => Promise<string>> {
  const body = JSON.stringify({ appId: APP_ID })
  const connection = await connectRaw(url)
  const head = `POST /api/v1/token HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: ${body.length}`
  connection.write(`${head}\r\n\r\n${body.slice(0, 5)}`)
  // Lines are taken in order: once each worker has answered somebody who came later, one of them has read ours.
  for (let call = 0; call < FRESH_CALLS; call++) await bodyOf(`${url}/health`)
  return () => {
    connection.write(body.slice(5))
    return connection.answer()
  }
}

async function stopGently({ server }: Deployment, { t, traffic }: { t: TestContext; traffic: Traffic }): Promise<void> {
  const workers = await workersOf(server)
  const startedMs = performance.now()
  assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
  t.diagnostic(`stopped in ${Math.round(performance.now() - startedMs)} ms, ${traffic.answered} answered by then`)
  assert.ok(!workers.some(isAlive), 'no worker outlives its supervisor')
  await server.start()
}

async function stopTwice({ server, mariadb }: Deployment): Promise<void> {
  const workers = await workersOf(server)
  // With the database frozen nothing under way can be finished: only the second signal ends it.
  mariadb.pause()
  try {
    await pause(200)
    server.signal('SIGTERM')
    await pause(200)
    assert.deepEqual(await server.kill('SIGTERM'), { code: 1, signal: null })
    await until(async () => !workers.some(isAlive))
  } finally {
    mariadb.resume()
  }
  await server.start()
}

async function editCatalogue(deployment: Deployment): Promise<void> {
  const { mariadb, server, token, uids } = deployment
  const coinsServed = async (): Promise<Set<number>> => {
    const path = `/api/v1/store/items?uid=${uids[0]}`
    const answers = await Promise.all(
      Array.from({ length: FRESH_CALLS }, () => bodyOf(server.url + path, token).then((body) => JSON.parse(body))),
    )
    return new Set(answers.map((answer) => answer.items.find((item: { id: number }) => item.id === 1).coins))
  }
  for (const coins of [1234, 1000]) {
    await coinsServed()
    await mariadb.ask('update items set coins = ? where item_id = 1', [coins])
    await mariadb.ask('update catalogues set version = version + 1')
    await pause(STALE_AT_MOST_MS)
    assert.deepEqual(await coinsServed(), new Set([coins]))
  }
}

async function readMetrics({ server }: Deployment): Promise<void> {
  const healthAnswers = async (): Promise<number> => {
    const line = /^http_request_seconds_count\{[^}]*route="\/health"[^}]*\} (\d+)$/m
    return Number(line.exec(await bodyOf(`${server.url}/metrics`))?.[1] ?? 0)
  }
  const before = await healthAnswers()
  for (let call = 0; call < FRESH_CALLS; call++) await bodyOf(`${server.url}/health`)
  for (let call = 0; call < FRESH_CALLS; call++) assert.equal(await healthAnswers(), before + FRESH_CALLS)
}

async function race(t: TestContext, deployment: Deployment): Promise<void> {
  const { server, token } = deployment
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const pay = (body: object) => server.call('POST', '/api/v1/payment/success', { token, body })

  const one = await server.logIn('two-hundred')
  const order = payment({ order_id: 'race-200', uid: one.uid, transaction_id: 'race-200-txn' })
  const deliveries = (await times(200, () => pay(order))).map(assertDone)
  assert.equal(deliveries.filter((body) => !body.replayed).length, 1)
  assert.equal(deliveries.filter((body) => body.replayed).length, 199)

  const many = await server.logIn('fifty-first')
  const firsts = (await times(50, (n) => pay(payment({ order_id: `fifty-${n}`, uid: many.uid })))).map(assertDone)
  assert.equal(firsts.filter((body) => body.is_first_charge).length, 1)
  assert.equal(firsts.filter((body) => body.replayed).length, 0)

  const { messages } = assertDone(await server.call('GET', '/api/v1/inbox', { token: one.token }))
  assert.equal(messages.length, 1)
  const claims = await times(50, () =>
    server.call('POST', `/api/v1/inbox/${messages[0].id}/claim`, { token: one.token }),
  )
  const refused = claims.filter((answer) => answer.status !== 200)
  assert.equal(refused.length, 49)
  for (const answer of refused) assertRefused(answer, 409, 'already_claimed')
  const account = assertDone(await server.call('POST', '/api/v1/refresh', { token: one.token, body: {} }))
  assert.deepEqual([account.coins, account.tokens], [1000, 22])
  assert.deepEqual(await server.kill('SIGTERM'), { code: 0, signal: null })
  t.diagnostic('200 deliveries, 50 first charges, 50 claims')
}

async function bodyOf(url: string, token?: string): Promise<string> {
  const { status, body } = await callAfresh(url, token)
  assert.equal(status, 200, body)
  return body
}
