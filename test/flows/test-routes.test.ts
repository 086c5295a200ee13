import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertDone, assertRefused } from '../support/answers.ts'
import { assertBooks } from '../support/books.ts'
import { onEveryEngine } from '../support/every-engine.ts'
import { engines, startApp } from '../support/test-app.ts'

const STORIES: Readonly<Record<string, readonly number[]>> = {
  token_test: [200],
  login_test: [200, 200],
  store_items_test: [200, 200, 200],
  payment_success_test: [200, 200, 200, 200, 200],
  payment_failure_test: [200, 200, 200],
  order_history_test: [200, 200, 200, 200, 200],
  daily_gift_test: [200, 200, 200, 200, 409],
}
const OTHERS = ['simple', 'ping', 'database_info', 'mailbox']

onEveryEngine((on) => {
  const run = async (name: string) => assertDone(await on.app.call('GET', `/test/${name}`))

  test('each story runs the real calls on a player of its own and shows what they answered', async () => {
    const uids = new Set<string>()
    for (const [name, statuses] of Object.entries(STORIES)) {
      const played = await run(name)
      const told = played.steps.map((step: { status: number }) => step.status)
      assert.deepEqual([played.test, played.ok, told], [name, true, statuses])
      uids.add(played.uid)
    }
    assert.equal(uids.size, Object.keys(STORIES).length)
    await assertBooks(on.app)
  })

  test('the paid story shows one grant, its replay and the reward', async () => {
    const { steps } = await run('payment_success_test')
    const [, , first, second, inbox] = steps.map((step: { answer: object }) => step.answer)
    assert.deepEqual([first.tokens_granted, first.replayed, second.replayed], [22, false, true])
    assert.equal(inbox.messages.length, 1)
  })

  test('the parts answer, and the database tells its tables', async () => {
    assert.equal((await run('simple')).message, 'It works.')
    const ping = await run('ping')
    assert.ok(ping.database_ms >= 0 && ping.sessions_ms >= 0)
    const { engine, tables, pending_migrations } = await run('database_info')
    assert.ok(['sqlite', 'mysql', 'mariadb'].includes(engine))
    assert.deepEqual(pending_migrations, [])
    assert.ok(tables.some(({ table, rows }: { table: string; rows: number }) => table === 'users' && rows > 0))
  })

  test('the mailbox shows a code that was sent, and the code logs in', async () => {
    const token = await on.app.clientToken()
    const body = { loginType: 4, loginId: 'mailbox@example.com' }
    assertDone(await on.app.call('POST', '/api/v1/login/code', { token, body }))
    const [newest] = (await run('mailbox')).messages
    assert.deepEqual([newest.kind, newest.to], ['email', 'mailbox@example.com'])
    const login = { ...body, loginCode: newest.code }
    assert.equal(assertDone(await on.app.call('POST', '/api/v1/login', { token, body: login })).is_new, true)
  })
})

for (const engine of engines()) {
  test(`in online every one of them is refused and does nothing (${engine.name})`, async (t) => {
    const app = await startApp({ engine, env: 'online' })
    t.after(() => app.close())
    for (const name of [...Object.keys(STORIES), ...OTHERS]) {
      assertRefused(await app.call('GET', `/test/${name}`), 403, 'test_routes_off')
    }
    const players = await app.service.database.db.selectFrom('users').selectAll().execute()
    assert.deepEqual(players, [])
  })
}
