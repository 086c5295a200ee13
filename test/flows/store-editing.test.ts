import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { assertDone } from '../support/answers.ts'
import { assertAuditClean } from '../support/audit-run.ts'
import { type ChildServer, runProgram, startChildServer } from '../support/child-server.ts'
import { type Engine, engines } from '../support/engines.ts'
import { until } from '../support/redis-server.ts'
import { payment } from '../support/test-app.ts'
import { testRedis } from '../support/test-redis.ts'

// The promise is a second from the end of the edit; this also holds the command itself, on a machine that others share.
const SEEN_WITHIN_MS = 15_000

for (const engine of engines()) {
  test(`${engine.name}: what an operator edits is in the store of two servers, without a restart`, async (t) => {
    const { servers, variables } = await startTwo(t, engine)
    const [first] = servers
    assert.ok(first)
    const { uid } = await first.logIn('looks-at-both')
    const tokens = await Promise.all(servers.map((server) => server.serverToken()))
    const items = async (server: ChildServer, n: number): Promise<Shown[]> =>
      assertDone(await server.call('GET', `/api/v1/store/items?uid=${uid}`, { token: tokens[n] ?? '' })).items
    const itemOne = async (server: ChildServer, n: number) => (await items(server, n)).find((item) => item.id === 1)
    const store = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await runProgram('src/cli/store.ts', { args, variables })
      assert.equal(code, 0, stderr)
      return stdout
    }
    /** Edits while both servers are asked without a pause, so that what they hold in memory is never old by luck. */
    const edit = async (args: readonly string[], what: string, fact: (item: Shown | undefined) => boolean) => {
      const seen = servers.map(async (server, n) => {
        await until(async () => fact(await itemOne(server, n)), { withinMs: SEEN_WITHIN_MS })
        return performance.now()
      })
      const said = await store(...args)
      const endedMs = performance.now()
      const tookMs = (await Promise.all(seen)).map((atMs) => Math.max(0, Math.round(atMs - endedMs)))
      t.diagnostic(`${what}: seen ${tookMs.join(' and ')} ms after the end of the edit`)
      return said
    }

    // Both have the old store in memory before the edit.
    for (const [n, server] of servers.entries()) assert.equal((await itemOne(server, n))?.price, 19.99)
    const cheaper = ['set', '1', '--price', 'USD=17.99', '--coins', '1234', '--note', 'cheaper']
    const said = await edit(cheaper, 'a price', (item) => item?.price === 17.99 && item.coins === 1234)
    assert.match(said, /^item 1 \(Starter Pack\): price USD 19\.99 -> 17\.99, coins 1000 -> 1234\n/)
    assert.match(said, /is at version 2; every server has it within a second/)
    for (const [n, server] of servers.entries()) {
      const body = payment({ order_id: `at-${n}`, uid, price: 17.99 })
      const token = tokens[n] ?? ''
      assert.equal(
        assertDone(await server.call('POST', '/api/v1/payment/success', { token, body })).coins_granted,
        1234,
      )
    }

    const week = ['promote', 'week', '--bonus', '50', '--from', '2020-01-01', '--until', '2100-01-01', '--items', '1']
    await edit(week, 'a promotion', (item) => item?.bonus === 50 && item.tokens === 30)
    await edit(['promote', 'week', '--end'], 'its end', (item) => item?.bonus === 0 && item.tokens === 20)
    await edit(['set', '1', '--off-sale'], 'an item off sale', (item) => item === undefined)
    await edit(['revert', '1'], 'version 1 again', (item) => item?.price === 19.99 && item.coins === 1000)
    assert.match(await store('list'), /version 6\n/)
    await assertAuditClean(t, variables)
  })
}

interface Shown {
  readonly id: number
  readonly price: number
  readonly coins: number
  readonly tokens: number
  readonly bonus: number
}

/** Two servers, each a process of its own, on one database. */
async function startTwo(
  t: TestContext,
  engine: Engine,
): Promise<{ servers: ChildServer[]; variables: Record<string, string> }> {
  const database = await engine.create()
  const redis = engine.name === 'mysql' ? testRedis() : null
  const variables = {
    DATABASE_URL: database.url,
    LOG_LEVEL: 'warn',
    JWT_SECRET: 'b7Yd2Kq9Wn4Xs6Vt1Rm8Zc3Lp5Hj0GfUo',
    ...redis?.variables,
  }
  const servers: ChildServer[] = []
  // Before the servers' own: what is registered first runs first, and they must be gone by then.
  t.after(async () => {
    for (const server of servers) await server.kill('SIGTERM')
    await database.drop()
    await redis?.drop()
  })
  servers.push(await startChildServer(t, { variables }))
  servers.push(await startChildServer(t, { variables }))
  return { servers, variables }
}
