import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks, playerRow } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { change, type GameServer, gameServer } from '../support/game-server.ts'
import { payment } from '../support/test-app.ts'

onEveryEngine((on) => {
  const playerWith = async (loginId: string, coins: number) => {
    const server = await gameServer(on.app)
    const player = await on.app.logIn(loginId)
    assertDone(await server.change(player.uid, change({ amount: coins, idempotency_key: `${loginId}:start` })))
    return { server, ...player }
  }
  const times = <T>(count: number, one: (n: number) => Promise<T>) =>
    Promise.all(Array.from({ length: count }, (_, n) => one(n)))
  const spend = (server: GameServer, uid: string, { amount, key }: { amount: number; key: string }) =>
    server.change(uid, change({ amount: -amount, idempotency_key: key }))

  test('a hundred spends of 10 at once from a balance of 500: fifty pass', async () => {
    const { server, uid } = await playerWith('race-spends', 500)
    const answers = await times(100, (n) => spend(server, uid, { amount: 10, key: `race-spends-${n}` }))
    const passed = answers.filter(({ status }) => status === 200)
    assert.equal(passed.length, 50)
    for (const answer of answers) {
      if (answer.status !== 200) assertRefused(answer, 409, 'insufficient_balance')
    }
    // Each saw the one before: every balance on the way down is told once.
    const told = passed.map(({ body }) => body.balance.coins).toSorted((a, b) => a - b)
    assert.deepEqual(
      told,
      Array.from({ length: 50 }, (_, n) => n * 10),
    )
    const { coins, ledger_seq } = await playerRow(on.app, uid)
    assert.deepEqual([coins, ledger_seq], [0, 51])
  })

  test('fifty at once with one key: one booking, and fifty equal answers', async () => {
    const { server, uid } = await playerWith('race-key', 1000)
    const answers = await times(50, () => spend(server, uid, { amount: 10, key: 'race-key' }))
    const [first, ...rest] = answers.map(assertDone)
    for (const body of rest) assert.deepEqual(body, first)
    const { coins, ledger_seq } = await playerRow(on.app, uid)
    assert.deepEqual([coins, ledger_seq], [990, 2])
  })

  test('one key for two players at once: one of them is given, the other refused', async () => {
    const { server, uid } = await playerWith('race-two', 1)
    const other = await playerWith('race-two-other', 1)
    const answers = await times(20, (n) =>
      server.change(n % 2 === 0 ? uid : other.uid, change({ amount: 9, idempotency_key: 'race-two' })),
    )
    const passed = answers.filter(({ status }) => status === 200)
    assert.equal(passed.length, 10)
    assert.equal(new Set(passed.map(({ body }) => body.uid)).size, 1)
    for (const answer of answers) {
      if (answer.status !== 200) assertRefused(answer, 422, 'idempotency_mismatch')
    }
    const given = [(await playerRow(on.app, uid)).coins, (await playerRow(on.app, other.uid)).coins]
    assert.deepEqual(
      given.toSorted((a, b) => a - b),
      [1, 10],
    )
  })

  test('one key that is refused fifty times at once stays free', async () => {
    const { server, uid } = await playerWith('race-refused', 5)
    for (const answer of await times(50, () => spend(server, uid, { amount: 6, key: 'race-refused' }))) {
      assertRefused(answer, 409, 'insufficient_balance')
    }
    assert.equal(assertDone(await spend(server, uid, { amount: 5, key: 'race-refused' })).balance.coins, 0)
  })

  test('spends, grants, payments, claims and syncs of one player at once lose nothing and make nothing', async () => {
    const { server, token, uid } = await playerWith('race-mixed', 200)
    const pay = (n: number) => {
      const body = payment({ order_id: `race-mixed-${n}`, uid })
      return on.app.call('POST', '/api/v1/payment/success', { token, body })
    }
    const claimAll = () => on.app.call('POST', '/api/v1/inbox/claim_all', { token })
    const grant = (n: number) =>
      server.change(uid, change({ currency: 'tokens', amount: 3, idempotency_key: `race-mixed-grant-${n}` }))
    const [spent, granted, paid, claimed, synced] = await Promise.all([
      times(40, (n) => spend(server, uid, { amount: 100, key: `race-mixed-spend-${n}` })),
      times(20, grant),
      times(10, pay),
      times(10, claimAll),
      times(10, (n) => server.saveProgress(uid, { level: n + 0.25, vip_level: n })),
    ])
    for (const answer of [...granted, ...paid, ...claimed, ...synced]) assertDone(answer)
    for (const answer of spent) {
      if (answer.status !== 200) assertRefused(answer, 409, 'insufficient_balance')
    }
    assertDone(await claimAll())
    const player = await playerRow(on.app, uid)
    const spends = spent.filter(({ status }) => status === 200).length
    assert.equal(player.coins, 200 + 10 * 1000 - 100 * spends)
    assert.deepEqual([player.tokens, player.inbox_tokens], [22 + 9 * 20 + 20 * 3, 0])
    assert.equal(player.level_hundredths, player.vip_level * 100 + 25, 'each sync is taken whole')
  })

  test('after all of this the books are in order', () => assertBooks(on.app))
})
