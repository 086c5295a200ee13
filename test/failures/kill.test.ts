import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import BetterSqlite from 'better-sqlite3'
import { assertAuditClean } from '../support/audit-run.ts'
import { startChildServer } from '../support/child-server.ts'
import { deliver, type LoadOrder, makeLoad, makePlayers } from '../support/payment-load.ts'
import { until } from '../support/redis-server.ts'

const PLAYERS = 5
const ORDERS = 1200
const CONNECTIONS = 16
const KILLS = 4

test('kill -9 in the middle of a load: every order is granted exactly once, and no answer is taken back', async (t) => {
  const server = await startChildServer(t, { variables: { LOG_LEVEL: 'warn' } })
  const token = await server.serverToken()
  const uids = await makePlayers(server, PLAYERS)
  const load = makeLoad({ token, uids, count: ORDERS })
  const answered = (): LoadOrder[] => load.orders.filter((order) => order.answered !== null)

  for (let kill = 1; kill <= KILLS; kill++) {
    const sending = load.sendAll({ url: server.url, connections: CONNECTIONS })
    // By progress, not by the clock: so that each kill falls into the load, however fast the machine is.
    const goal = answered().length + randomInt(1, ORDERS / (KILLS + 2))
    await until(async () => answered().length >= goal, { withinMs: 60_000 })
    await pause(randomInt(0, 25))
    await server.kill('SIGKILL')
    await sending
    await server.start()
  }
  const unknown = load.orders.filter((order) => order.answered === null && order.wasSent).length
  t.diagnostic(
    `${KILLS} kills: ${answered().length} of ${ORDERS} orders answered by then, ${unknown} sent without an answer`,
  )
  assert.ok(unknown > 0, 'a kill must break off calls that were under way, else this test shows nothing')

  // What the platforms do: whatever was not answered is sent again, and some of what was.
  await load.sendAll({ url: server.url, connections: CONNECTIONS })
  for (const order of load.orders.filter((one) => one.answered === null)) {
    assert.ok(await deliver(order, { url: server.url, token }))
  }
  for (const order of load.orders.filter((_, index) => index % 7 === 0)) {
    const again = await server.call('POST', '/api/v1/payment/success', { token, body: order.body })
    assert.equal(again.status, 200)
    assert.deepEqual({ ...again.body, replayed: null }, { ...order.answered?.body, replayed: null }, order.orderId)
    assert.equal(again.body.replayed, true)
  }

  await assertGrantedOnce(server, { token, uids, orders: load.orders })
  await server.kill('SIGTERM')
  await assertAuditClean(t, server.variables)
})

/** Reads the tables and the API: one grant and one reward for each order, one first charge for each player. */
async function assertGrantedOnce(
  server: Parameters<typeof makePlayers>[0],
  facts: { token: string; uids: readonly string[]; orders: readonly LoadOrder[] },
): Promise<void> {
  const file = new BetterSqlite(join(server.directory, 'payment.db'), { readonly: true })
  try {
    const count = (sql: string): unknown => file.prepare(sql).pluck().get()
    assert.equal(count("select count(*) from orders where status = 'completed'"), facts.orders.length)
    assert.equal(count('select count(*) from orders'), facts.orders.length)
    assert.equal(count("select count(*) from ledger_transactions where kind = 'order_grant'"), facts.orders.length)
    assert.equal(count('select count(*) from inbox_messages'), facts.orders.length)
    assert.equal(count('select count(*) from orders where is_first_charge = 1'), facts.uids.length)
    assert.equal(count('select count(*) from payments'), facts.orders.length)
  } finally {
    file.close()
  }
  for (const uid of facts.uids) {
    const account = await server.call('POST', '/api/v1/refresh', { token: facts.token, body: { uid } })
    const own = facts.orders.filter((order) => order.body.uid === uid)
    const coins = own.reduce((sum, order) => sum + Number(order.answered?.body.coins_granted), 0)
    assert.equal(account.body.coins, coins, `player ${uid} has what the answers said`)
    assert.equal(own.filter((order) => order.answered?.body.is_first_charge).length, 1)
  }
}
