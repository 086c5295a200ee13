import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { assertAuditClean } from '../../support/audit-run.ts'
import { type ChildServer, runCommand, startChildServer } from '../../support/child-server.ts'
import {
  freePort,
  mariadbInstalled,
  type OwnMariadb,
  serversInstalled,
  startMariadb,
} from '../../support/mariadb-server.ts'
import { makePlayers } from '../../support/payment-load.ts'
import { type OwnRedis, redisServerInstalled, startRedis, until } from '../../support/redis-server.ts'
import { SIGNED_SECRET } from '../../support/test-app.ts'
import type { Traffic } from './traffic.ts'

/** The service as a studio runs it: several workers, a MariaDB and a Redis, all of them this test's own to break. */
export interface Deployment {
  readonly mariadb: OwnMariadb
  readonly redis: OwnRedis
  readonly server: ChildServer
  readonly token: string
  readonly uids: readonly string[]
}

const PLAYERS = 5

/** Null, and loudly, where a server is not installed. */
export async function deploy(
  t: TestContext,
  options: { workers?: number; mariadb?: readonly string[]; variables?: Readonly<Record<string, string>> } = {},
): Promise<Deployment | null> {
  if (!serversInstalled({ mariadbd: mariadbInstalled, 'redis-server': redisServerInstalled })) return null
  const [mariadb, redis] = await Promise.all([startMariadb(t, options.mariadb), startRedis(t)])
  // A port of its own, and not any: the same one must be served again when every worker has died.
  const port = String(await freePort())
  const server = await startChildServer(t, {
    variables: {
      ...variablesFor({ mariadb, redis }),
      PORT: port,
      WORKERS: String(options.workers ?? 2),
      ...options.variables,
    },
  })
  return { mariadb, redis, server, token: await server.serverToken(), uids: await makePlayers(server, PLAYERS) }
}

/** What a server needs to know to be one of this deployment. */
export function variablesFor({ mariadb, redis }: { mariadb: OwnMariadb; redis: OwnRedis }): Record<string, string> {
  return {
    DATABASE_URL: mariadb.url,
    REDIS_URL: `redis://127.0.0.1:${redis.port}/0`,
    JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo',
    CHANNELS: JSON.stringify({ signed: { secrets: [SIGNED_SECRET] } }),
    LOG_LEVEL: 'warn',
    PORT: '0',
  }
}

/** The processes that a process has started and that still run. */
export async function workersOf(server: ChildServer): Promise<number[]> {
  if (process.platform === 'linux') {
    const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
    return children.trim().split(/\s+/).filter(Boolean).map(Number)
  }
  const { stdout } = await runCommand('ps', { args: ['-A', '-o', 'pid=,ppid='] })
  const pairs = stdout.trim().split('\n')
  return pairs
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid = 0, parent]) => (parent === server.pid ? [pid] : []))
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Connections are handed to the workers in turn: so many new ones reach each of two several times. */
export const FRESH_CALLS = 8

/** A GET on a connection of its own: the next worker's turn. */
export async function callAfresh(url: string, token?: string): Promise<{ status: number; body: string }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  get(url, { agent: false, headers }, resolve).on('error', reject)
  const answer = await promise
  return { status: answer.statusCode ?? 0, body: await text(answer) }
}

/** Waits until every worker is whole again, without anybody restarting it, and tells how long it took. */
export async function recovers({ server }: Deployment): Promise<number> {
  const startedMs = performance.now()
  await until(
    async () => {
      const calls = Array.from({ length: FRESH_CALLS }, () => callAfresh(`${server.url}/ready`).catch(() => null))
      return (await Promise.all(calls)).every((answer) => answer?.status === 200)
    },
    { withinMs: 20_000 },
  )
  return Math.round(performance.now() - startedMs)
}

/**
 * Reads tables and API when everything was answered: each order granted once, with what its answer said, one first
 * charge for each player that paid; and the audit is clean.
 */
export async function assertBooksRight(
  t: TestContext,
  deployment: Deployment,
  traffic: readonly Traffic[],
): Promise<void> {
  const { mariadb, server, token, uids } = deployment
  const orders = traffic.flatMap((one) => one.orders())
  const count = async (sql: string): Promise<number> =>
    Number((await mariadb.ask(`select count(*) as n ${sql}`))[0]?.['n'])
  assert.equal(await count("from orders where status = 'completed'"), orders.length)
  assert.equal(await count('from orders'), orders.length)
  assert.equal(await count("from ledger_transactions where kind = 'order_grant'"), orders.length)
  assert.equal(await count('from payments'), orders.length)
  assert.equal(await count('from inbox_messages'), orders.length)
  for (const uid of uids) {
    const own = orders.filter((order) => order.body.uid === uid)
    const account = await server.call('POST', '/api/v1/refresh', { token, body: { uid } })
    const coins = own.reduce((sum, order) => sum + Number(order.answered?.body.coins_granted), 0)
    assert.equal(account.body.coins, coins, `player ${uid} has what the answers said`)
    const first = own.filter((order) => order.answered?.body.is_first_charge)
    assert.equal(first.length, own.length > 0 ? 1 : 0, `player ${uid} has one first charge`)
  }
  t.diagnostic(`${orders.length} orders, each granted once`)
  await assertAuditClean(t, server.variables)
}
